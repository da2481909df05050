// What cases do: lay out services, write control bytes, open gates, wait for states and note them.
//
// Promises: every wait has a deadline. A gate is a fifo that a service program blocks on until the case opens it.
// Read next: observe.ts, ../fixtures/services.
import { closeSync, constants, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { takeFifo } from './fifos.ts';
import { withoutHints } from './hints.ts';
import { decodeStatus, readIf, statIf, type Status, statusOf, words } from './observe.ts';
import { isAlive, kill as sendSignal } from '../lib/proc.ts';
import type { Finished, Running } from './processes.ts';
import type { RecordedEvent } from './record.ts';
import { attempt, until } from '../lib/wait.ts';
import type { World } from './world.ts';

/** Above C's pause of one second, in which it takes no commands. */
const QUIET_MS = 1300;
const FIXTURES = join(import.meta.dirname, '../fixtures/services');

/** The text of a service program with one habit. */
export function habit(name: string): string {
  return readFileSync(join(FIXTURES, name), 'latin1');
}

export interface Layout {
  readonly run?: string;
  readonly finish?: string;
  readonly check?: string;
  readonly down?: boolean;
  readonly log?: Layout;
  /** Scripts of control/, by letter. */
  readonly control?: Readonly<Record<string, string>>;
  /** Fifos to block on. */
  readonly gates?: readonly string[];
}

/** Lays out a service directory. A script without `#!` is one for the shell. */
export function service(world: World, dir: string, layout: Layout): string {
  world.mkdir(dir);
  for (const name of ['run', 'finish', 'check'] as const) {
    const text = layout[name];
    if (text !== undefined) script(world, `${dir}/${name}`, text);
  }
  for (const [letter, text] of Object.entries(layout.control ?? {})) script(world, `${dir}/control/${letter}`, text);
  for (const name of layout.gates ?? []) fifo(world, `${dir}/${name}`);
  if (layout.down) world.write(`${dir}/down`, '');
  if (layout.log) service(world, `${dir}/log`, layout.log);
  return dir;
}

export function script(world: World, path: string, text: string, mode = 0o755): string {
  return world.write(path, text.startsWith('#!') ? text : `#!/bin/sh\n${text}\n`, mode);
}

export function fifo(world: World, path: string, mode = 0o600): string {
  takeFifo(dirname(world.dir), world.path(path), mode);
  return world.path(path);
}

/** Writes control bytes, once runsv listens. */
export async function send(world: World, dir: string, bytes: string): Promise<void> {
  const path = world.path(dir, 'supervise/control');
  const fd = await until(`runsv listening in ${dir}`, () => openForWriting(path));
  writeSync(fd, bytes, null, 'latin1');
  closeSync(fd);
}

/** Lets the program go on that blocks on the gate, or reads from it. */
export async function openGate(world: World, path: string): Promise<void> {
  const fd = await until(`a program at the gate ${path}`, () => openForWriting(world.path(path)));
  try {
    writeSync(fd, 'x');
  } catch {
    // It needed no more than the opening, and is through.
  }
  closeSync(fd);
}

export function openForWriting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** Writes to a descriptor and closes it; true. */
export function writeAndClose(fd: number, text: string): true {
  writeSync(fd, text, null, 'latin1');
  closeSync(fd);
  return true;
}

export function exists(world: World, path: string): boolean {
  return statIf(world.path(path)) !== undefined;
}

const FLOCK = process.arch === 'arm64' ? 32 : 73;

const LOCK_NB = 4;

/**
 * Whether a process waits for a flock. /proc/locks leaves out those whose first owner is gone, in a PID namespace. A call that
 * does not wait may be seen as well, where another process got the processor meanwhile.
 */
export function waitsForLock(pid: number): boolean {
  const [call, , operation] = readIf(`/proc/${pid}/syscall`)?.toString().split(' ') ?? [];
  return call === String(FLOCK) && (Number(operation) & LOCK_NB) === 0;
}

/** Waits until the status record of `dir` satisfies `wanted`. */
export function status(world: World, dir: string, what: string, wanted: (it: Status) => boolean): Promise<Status> {
  return until(`status of ${dir}: ${what}, last ${words(statusOf(world, dir))}`, () => {
    const now = statusOf(world, dir);
    return now !== undefined && wanted(now) ? now : undefined;
  });
}

export function inState(world: World, dir: string, state: Status['state']): Promise<Status> {
  return status(world, dir, state, (it) => it.state === state);
}

/**
 * Waits until the service's process has recorded its `count`th start and the status shows it. Awaiting the record alone
 * would not do: the process may be faster than the status, which then still tells of what was before.
 */
export function up(world: World, dir: string, count = 1): Promise<RecordedEvent> {
  const text = `${basename(dir)} run`;
  return until(`start ${count} of ${dir} in its status`, () => {
    const starts = world.events(text).filter((it) => it.text === text);
    const now = statusOf(world, dir);
    return starts.slice(count - 1).find(({ pid }) => now?.state === 'run' && now.pid === pid);
  });
}

/** Waits until stat, status and pid tell the same `state`, then notes all three under `key`. */
export async function noteState(world: World, key: string, dir: string, state: Status['state']): Promise<void> {
  await until(`stat, status and pid of ${dir} to agree on ${state}`, () => agrees(world, dir, state));
  noteFiles(world, key, dir);
}

export function noteFiles(world: World, key: string, dir: string): void {
  const bytes = readIf(world.path(dir, 'supervise/status'));
  const decoded = bytes && decodeStatus(bytes);
  world.note(`${key}: status`, bytes && !decoded ? `${bytes.length} bytes` : words(decoded));
  world.note(`${key}: stat`, JSON.stringify(readIf(world.path(dir, 'supervise/stat'))?.toString('latin1') ?? null));
  const pid = readIf(world.path(dir, 'supervise/pid'))?.toString('latin1');
  const same = pid === `${decoded?.pid}\n` ? 'the same pid' : pid === '' ? 'empty' : JSON.stringify(pid ?? null);
  world.note(`${key}: pid`, same);
}

function agrees(world: World, dir: string, state: Status['state']): boolean {
  const now = statusOf(world, dir);
  const stat = readIf(world.path(dir, 'supervise/stat'))?.toString('latin1').trim() ?? '';
  const pid = Number(readIf(world.path(dir, 'supervise/pid'))?.toString('latin1') ?? 0);
  if (now === undefined || now.state !== state || stat.split(',')[0] !== state || pid !== now.pid) return false;
  return stat.includes('paused') === (now.paused === 1) && stat.includes('got TERM') === (now.term === 1);
}

/** Whether no file of supervise has been made or changed within the last 100 ms. */
export function steady(world: World, dir: string): boolean {
  return Date.now() - statSync(world.path(dir, 'supervise')).ctimeMs > 100;
}

/** Starts runsv on `dir` and waits until it listens. */
export async function supervise(world: World, dir: string): Promise<Running> {
  const runsv = world.start('runsv', [dir]);
  await listening(world, dir);
  return runsv;
}

/** Whether some runsv holds supervise/ok open. */
export function listens(world: World, dir: string): boolean {
  const fd = openForWriting(world.path(dir, 'supervise/ok'));
  if (fd !== undefined) closeSync(fd);
  return fd !== undefined;
}

/** Waits until some runsv holds supervise/ok open, and has written its first status. */
export async function listening(world: World, dir: string): Promise<void> {
  await until(`runsv listening in ${dir}`, () => listens(world, dir));
  await until(`first status of ${dir}`, () => statusOf(world, dir));
}

export { isAlive as lives };

export function gone(pid: number, what: string): Promise<true> {
  return until(`end of ${what}`, () => !isAlive(pid) || undefined).then(() => true);
}

/** What becomes of a process within `ms`. */
export async function fate(pid: number, ms: number): Promise<'ended' | 'lives on'> {
  return (await attempt(() => !isAlive(pid), ms)) ? 'ended' : 'lives on';
}

/** Waits until runsv handles no more: it ended, or its service neither changes nor waits for a start. */
export async function alone(world: World, dir: string, runsv: Running): Promise<void> {
  let since = performance.now();
  let before = '';
  await until(`an end to the changes in ${dir}`, () => {
    const now = words(statusOf(world, dir));
    if (now !== before || /^down .*want=u/.test(now)) since = performance.now();
    before = now;
    return runsv.end() !== undefined || performance.now() - since > QUIET_MS;
  });
}

/** Ends a running program and waits for it. */
export async function kill(running: Running, name: NodeJS.Signals): Promise<string> {
  sendSignal(running.pid, name);
  return running.ended();
}

/** Notes the end and both outputs of a program. */
export function noteRun(world: World, key: string, ran: Finished): void {
  world.note(key, ran.end);
  if (ran.out !== '') world.note(`${key}: stdout`, ran.out);
  const err = withoutHints(ran.err, ran.end);
  if (err !== '') world.note(`${key}: stderr`, err);
}

/** Notes the texts of the recorded events, in order. */
export function noteEvents(world: World, key = 'events', prefix = ''): void {
  world.note(
    key,
    world
      .events(prefix)
      .map(({ text }) => text)
      .join('; '),
  );
}

/** The greatest of the ascending `marks` that `value` reaches, 5 hundredths of tolerance granted. */
export function reached(value: number, marks: readonly number[]): string {
  const mark = marks.filter((it) => value >= it - 0.05).at(-1);
  return mark === undefined ? `${value.toFixed(2)} s, below ${marks[0]}` : `${mark} s or more`;
}
