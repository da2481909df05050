// What happens in a soak: commands, kills, removals, renames, at random, from a seed.
import { renameSync, rmSync } from 'node:fs';
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
