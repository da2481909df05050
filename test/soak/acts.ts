// What happens in a soak: commands, kills, removals, renames, at random, from a seed.
import { spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import type { Service } from '../fault/service.ts';
import { kill } from '../fault/world.ts';
import type { Random } from '../sim/random.ts';
import { type Fleet, hasLog, insiders, link, runsvdirOf, runsvsOf, unlink } from './fleet.ts';

export type Act = (fleet: Fleet, service: Service, random: Random) => void;

const COMMANDS = 'udotkpchai12';

/** Writes to a fifo that may have no reader just now. */
const tell = (service: Service, bytes: string, side: '' | 'log/' = ''): void => {
  try {
    service.send(bytes, side);
  } catch {
    // its runsv is not there at this moment
  }
};

const command: Act = (_, service, random) => tell(service, random.pick([...COMMANDS]));

/** A log is told to rotate, to open its files anew, to end. */
const logCommand: Act = (_, service, random) => {
  if (hasLog(service)) tell(service, random.pick(['a', 'h', 't', 'd', 'u', 'k']), 'log/');
};

/** Verbs that return at once, as nobody waits here. */
const VERBS = ['up', 'down', 'once', 'pause', 'cont', 'hup', 'alarm', 'interrupt', 'term', 'kill', 'exit', 'status'];

/** The word of somebody at a shell: by our sv, or by C runit's where that is installed. */
const sv: Act = ({ world }, { dir }, random) => {
  const programs = [`${world.bin}/sv`, '/usr/bin/sv'].filter((path) => existsSync(path));
  const child = spawn(random.pick(programs), [random.pick(VERBS), dir], { stdio: 'ignore' });
  child.on('error', () => {});
};

const killService: Act = (fleet, service, random) =>
  kill(
    insiders(fleet).get(service.status()?.pid ?? 0) ?? 0,
    random.pick(['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGSTOP', 'SIGCONT']),
  );

const killRunsv: Act = (fleet, service, random) =>
  kill(runsvsOf(fleet).get(service.name) ?? 0, random.pick(['SIGKILL', 'SIGKILL', 'SIGTERM']));

const killRunsvdir: Act = (fleet, _, random) => kill(runsvdirOf(fleet), random.pick(['SIGKILL', 'SIGTERM', 'SIGSEGV']));

const alarm: Act = (fleet) => kill(runsvdirOf(fleet), 'SIGALRM');

const remove: Act = (fleet, service) => unlink(fleet, service);
const giveBack: Act = (fleet, service) => link(fleet, service);

/** Another name for a moment, and the right one again. */
const rename: Act = (fleet, service) => {
  const path = `${fleet.world.scan}/${service.name}`;
  try {
    renameSync(path, `${path}-renamed`);
    rmSync(`${path}-renamed`);
  } catch {
    // it was taken away before
  }
  link(fleet, service);
};

/** In the last part of a soak no supervisor is killed, so that what those keep can be compared with what they kept. */
export const GENTLE: readonly Act[] = [
  ...Array.from({ length: 12 }, () => command),
  sv,
  sv,
  logCommand,
  logCommand,
  killService,
  killService,
  alarm,
  remove,
  giveBack,
  giveBack,
  rename,
];

export const ROUGH: readonly Act[] = [...GENTLE, killRunsv, killRunsv, killRunsv, killRunsvdir];

/** How often something is done while all services are in one process, for one kill of that. */
const ACTS_A_KILL = 5;
export const ROUGH_ON_ONE: readonly Act[] = [...Array.from({ length: ACTS_A_KILL }, () => GENTLE).flat(), killRunsvdir];
