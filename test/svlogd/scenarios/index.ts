// All scenarios. Read next: ../scenario.ts.
import type { Scenario } from '../scenario.ts';
import { OUTWARD } from './outward.ts';
import { SIGNALS } from './signals.ts';

export const SCENARIOS: readonly Scenario[] = [...SIGNALS, ...OUTWARD];
