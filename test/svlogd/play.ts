// Plays a batch: a fresh directory in memory, one process, what it left behind.
//
// Promises: the process is gone and the directory removed when `play` resolves; one that does not end in time is killed
// and noted as such. Must not judge. Read next: model.ts, observe.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { maskText } from './masks.ts';
import type { Batch, LogDir, Seen, Side } from './model.ts';
import { observeDir } from './observe.ts';

/** Only bounds failures: C looks through all old files at each rotation, which takes minutes of a loaded machine. */
const DEADLINE_MS = 180_000;
/** What a pipe surely takes while nobody reads. */
const PIPE_BYTES = 60_000;

/** A place to play in: one batch at a time. */
export interface Place {
  readonly dir: string;
  /** A fifo. */
  readonly fifo: string;
}

const prepare = (parent: string, dir: LogDir): void => {
  const path = join(parent, dir.name);
  if (dir.kind === 'missing') return;
  if (dir.kind === 'a file') {
    writeFileSync(path, 'not a directory\n');
    return;
  }
  mkdirSync(path, { recursive: true });
  if (dir.config !== null) writeFileSync(join(path, 'config'), dir.config, 'latin1');
  for (const [name, { text, mode }] of Object.entries(dir.found ?? {}))
    writeFileSync(join(path, name), text, { encoding: 'latin1', mode });
};

const openFile = (parent: string, input: string): number => {
  const path = join(parent, 'input');
  writeFileSync(path, input, 'latin1');
  return openSync(path, 'r');
};

/** A pipe that holds all of the input, its writing end closed. */
const openPipe = (fifo: string, input: string): number => {
  if (input.length > PIPE_BYTES) throw new Error(`${input.length} bytes are too many for a pipe`);
  const both = openSync(fifo, constants.O_RDWR);
  const reader = openSync(fifo, constants.O_RDONLY);
  writeSync(both, input, null, 'latin1');
  closeSync(both);
  return reader;
};

/**
 * svlogd-block-order: several lines are taken on at once, directory by directory: the order of one directory's messages is compared, and
 * that of the lines selected for standard error, not how the two are mixed.
 */
const apart = (said: string, dirs: readonly LogDir[]): readonly (readonly [string, string])[] => {
  const lines = said.split('\n');
  const isMessage = (line: string): boolean => line.startsWith('svlogd: ');
  const of = (line: string): string => dirs.find(({ name }) => `${line}/`.includes(`: ${name}/`))?.name ?? '';
  const kind = (line: string): string => (isMessage(line) ? `messages ${of(line)}` : 'stderr');
  const groups = new Map<string, string>();
  for (const line of lines) groups.set(kind(line), `${groups.get(kind(line)) ?? ''}${line}\n`);
  return [...groups];
};

const run = async (side: Side, batch: Batch, root: string, fifo: string): Promise<Map<string, string>> => {
  const stdin = batch.stdin === 'file' ? openFile(root, batch.input) : openPipe(fifo, batch.input);
  const [out, err] = [openSync(join(root, 'out'), 'w'), openSync(join(root, 'err'), 'w')];
  const words = [...batch.options, ...(batch.operands ?? batch.dirs.map(({ name }) => name))];
  const child = spawn(side.svlogd, words, { argv0: 'svlogd', cwd: root, stdio: [stdin, out, err], detached: true });
  const late = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  for (const fd of [stdin, out, err]) closeSync(fd);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(late);
  return new Map([
    ['end', signal === null ? `exit ${code}` : `signal ${signal}`],
    ['stdout', maskText(readFileSync(join(root, 'out'), 'latin1'))],
    ...apart(maskText(readFileSync(join(root, 'err'), 'latin1')), batch.dirs),
  ]);
};

const isStamped = (options: readonly string[]): boolean => options.some((word) => /^-[^rRlb]*t/.test(word));

export const play = async (side: Side, batch: Batch, place: Place): Promise<Seen> => {
  const root = join(place.dir, side.name);
  mkdirSync(root);
  try {
    for (const dir of batch.dirs) prepare(root, dir);
    const seen = await run(side, batch, root, place.fifo);
    for (const { name, kind, found } of batch.dirs) {
      if (kind !== undefined) continue;
      const notes = observeDir(join(root, name), name, new Set(Object.keys(found ?? {})), isStamped(batch.options));
      for (const [key, value] of notes) seen.set(key, value);
    }
    return seen;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};
