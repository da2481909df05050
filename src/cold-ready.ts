// Readiness of services that can tell: hardly any has a file that asks for it, so a plain runsv need not hold the code.
//
// Read next: host/cold.ts, cold-sv.ts (another part), effects/service/readiness.ts (what is in here).
import { prepareTelling, resumeTelling } from './effects/service/readiness.ts';
import { provideCold } from './host/cold.ts';

provideCold('ready', { prepareTelling, resumeTelling });
