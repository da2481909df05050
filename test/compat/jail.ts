// A system of its own for a case: process 1 in namespaces, with its own /etc/runit, /run and console.
//
// Promises: the directories etc and run of the world are /etc/runit and /run there, and the world is at its own place too;
// /sbin/runit is the one under test; everything ends with the case. What stages tell goes to the record or the console.
// Read next: jail.c (what is set up), cases/runit.ts.
import { join } from 'node:path';
import type { Running } from './processes.ts';
import { kill } from '../lib/proc.ts';
import * as steps from './steps.ts';
import { DEADLINE_MS, until } from '../lib/wait.ts';
import type { World } from './world.ts';

const JAIL = join(import.meta.dirname, '../../out/jail');

export interface JailOptions {
  /** The program of process 1 and its arguments, argv[0] first; runit if nothing is said. */
  readonly file?: string;
  readonly argv?: readonly string[];
  /** SOURCE=TARGET: what else is mounted over what. */
  readonly mounts?: readonly string[];
  /** The world's directory with this jail's etc and run. */
  readonly place?: string;
}

export interface Jail {
  readonly running: Running;
  /** What was said on the console. */
  console(): string;
  /** Process 1 as seen from here. */
  pid(): Promise<number>;
  send(name: NodeJS.Signals): Promise<void>;
  /** How it ended: `power off`, `reboot`, or `exit N`. */
  ended(deadlineMs?: number): Promise<string>;
}

/** The texts of stages and scripts in /etc/runit, by name. A text without `#!` is one for the shell. */
export type Stages = Readonly<Record<string, string>>;

/** Lays out /etc/runit; `place` where a case has several. */
export function layOut(world: World, stages: Stages, place = '.'): void {
  for (const folder of ['etc', 'run']) world.mkdir(`${place}/${folder}`);
  for (const [name, text] of Object.entries(stages)) steps.script(world, `${place}/etc/${name}`, text);
}

/** Boots process 1. */
export function boot(world: World, options: JailOptions = {}): Jail {
  const { file = '/sbin/runit', argv = ['runit'], mounts = [], place = '.' } = options;
  const own = [`${world.path(place, 'etc')}=/etc/runit`, `${world.path(place, 'run')}=/run`];
  const running = world.startFile(JAIL, [`${world.bin}/runit=/sbin/runit`, ...own, ...mounts, '--', file, ...argv]);
  const told = (pattern: RegExp) => pattern.exec(running.stderr())?.[1];
  const pid = () => until('process 1', () => told(/^pid (\d+)$/m)).then(Number);
  return {
    running,
    console: () => running.stdout(),
    pid,
    send: async (name) => kill(await pid(), name),
    ended: async (deadlineMs = DEADLINE_MS) => {
      await running.ended(deadlineMs);
      return ENDS[running.stderr().split('\n').at(-2) ?? ''] ?? running.stderr();
    },
  };
}

/** How the kernel ends such a namespace. */
const ENDS: Readonly<Record<string, string>> = {
  'signal 2': 'power off',
  'signal 1': 'reboot',
  'exit 0': 'exit 0',
  'exit 111': 'exit 111',
};

/** Boots, waits for the end, and notes it and what the console said. */
export async function noteLife(world: World, key: string, jail: Jail): Promise<void> {
  world.note(`${key}: end`, await jail.ended());
  world.note(`${key}: console`, jail.console());
}

/** Waits until the console says `text`. */
export function hears(jail: Jail, text: string): Promise<true> {
  return until(`"${text}" on the console`, () => jail.console().includes(text) || undefined);
}
