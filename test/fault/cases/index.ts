// All fault cases, a file for each kind of trouble.
import type { Case } from '../case.ts';
import { CLIENT } from './client.ts';
import { COMMAND } from './command.ts';
import { COMMANDS } from './commands.ts';
import { CONTAINER } from './container.ts';
import { DISK } from './disk.ts';
import { ENGINE } from './engine.ts';
import { ESSENTIAL } from './essential.ts';
import { FOOTING } from './footing.ts';
import { HANGING } from './hanging.ts';
import { KILLED } from './killed.ts';
import { LOGS } from './logs.ts';
import { LOOKS } from './looks.ts';
import { ONE_PROCESS } from './one-process.ts';
import { PROGRAMS } from './programs.ts';
import { RECORD } from './record.ts';
import { HISTORY } from './history.ts';
import { REFUSED } from './refused.ts';
import { RESOURCES } from './resources.ts';
import { SCANDIR } from './scandir.ts';
import { SECOND } from './second.ts';
import { SIGNALS } from './signals.ts';
import { STAGES } from './stages.ts';
import { STANDARD } from './standard.ts';
import { TREE } from './tree.ts';
import { TRUST } from './trust.ts';
import { TURMOIL } from './turmoil.ts';

// The long ones first, so that they do not trail.
export const CASES: readonly Case[] = [
  ...TURMOIL,
  ...TREE,
  ...FOOTING,
  ...ENGINE,
  ...STAGES,
  ...CONTAINER,
  ...LOOKS,
  ...SECOND,
  ...COMMAND,
  ...ESSENTIAL,
  ...RESOURCES,
  ...REFUSED,
  ...DISK,
  ...CLIENT,
  ...COMMANDS,
  ...HANGING,
  ...KILLED,
  ...LOGS,
  ...ONE_PROCESS,
  ...PROGRAMS,
  ...RECORD,
  ...HISTORY,
  ...SCANDIR,
  ...SIGNALS,
  ...STANDARD,
  ...TRUST,
];
