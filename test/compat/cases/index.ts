// Every case, slow groups first so that the run does not end with one long wait.
import type { Case } from '../model.ts';
import { cases as chpstBeyond } from './chpst-beyond.ts';
import { cases as chpstFamily } from './chpst-family.ts';
import { cases as chpstRecipes } from './chpst-recipes.ts';
import { cases as chpstRunning } from './chpst-running.ts';
import { cases as chpstState } from './chpst-state.ts';
import { cases as daemontools } from './daemontools.ts';
import { cases as policies } from './policies.ts';
import { cases as runit } from './runit.ts';
import { cases as runitGoesOn } from './runit-goes-on.ts';
import { cases as runitRequests } from './runit-requests.ts';
import { cases as runsvBytes } from './runsv-bytes.ts';
import { cases as runsvControl } from './runsv-control.ts';
import { cases as runsvEnding } from './runsv-ending.ts';
import { cases as runsvExit } from './runsv-exit.ts';
import { cases as runsvLog } from './runsv-log.ts';
import { cases as runsvStart } from './runsv-start.ts';
import { cases as runsvchdir } from './runsvchdir.ts';
import { cases as runsvdir } from './runsvdir.ts';
import { cases as runsvdirReal } from './runsvdir-real.ts';
import { cases as svc } from './svc.ts';
import { cases as svCommands } from './sv-commands.ts';
import { cases as svHints } from './sv-hints.ts';
import { cases as svLasting } from './sv-lasting.ts';
import { cases as svLsb } from './sv-lsb.ts';
import { cases as svPatterns } from './sv-patterns.ts';
import { cases as svReal } from './sv-real.ts';
import { cases as svServices } from './sv-services.ts';
import { cases as svWaiting } from './sv-waiting.ts';
import { cases as svWords } from './sv-words.ts';
import { cases as utmpset } from './utmpset.ts';

export const CASES: readonly Case[] = [
  ...runit,
  ...runitRequests,
  ...runitGoesOn,
  ...runsvchdir,
  ...utmpset,
  ...runsvdirReal,
  ...runsvdir,
  ...svReal,
  ...runsvExit,
  ...runsvLog,
  ...runsvEnding,
  ...runsvControl,
  ...runsvStart,
  ...runsvBytes,
  ...policies,
  ...svWaiting,
  ...svCommands,
  ...svHints,
  ...svLasting,
  ...svWords,
  ...svServices,
  ...svPatterns,
  ...svLsb,
  ...daemontools,
  ...chpstState,
  ...chpstRunning,
  ...chpstFamily,
  ...chpstBeyond,
  ...chpstRecipes,
  ...svc,
];
