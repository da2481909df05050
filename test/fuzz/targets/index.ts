// Everything that is fuzzed.
import type { Target } from '../model.ts';
import { accountLines, identities } from './accounts.ts';
import { argumentVectors } from './arguments.ts';
import { besideC } from './beside-c.ts';
import { directories } from './directory.ts';
import { envDirectory, envFile } from './environment.ts';
import { logConfig, logNames, patterns } from './log.ts';
import { listenAddresses, notifications, replies, requests } from './network.ts';
import { history, logStamps, namePatterns, procfile, state } from './operations.ts';
import { monitorScreen } from './monitor.ts';
import { control, handover, lockRecord, status } from './supervise.ts';
import { dependencyFiles, valueFiles } from './values.ts';
import { heads, logins, values } from './words.ts';

export const targets: readonly Target[] = [
  ...[status, control, lockRecord, handover],
  ...[logConfig, patterns, logNames],
  ...[envDirectory, envFile, besideC],
  ...[accountLines, identities, values, heads, logins],
  ...[state, history, namePatterns, procfile, logStamps],
  monitorScreen,
  valueFiles,
  dependencyFiles,
  directories,
  ...[requests, replies, listenAddresses, notifications],
  argumentVectors,
];
