// The Node host: loads the addon and returns its table of calls, completed by what only Node knows.
//
// Promises: the same calls as the static executable, argument bytes included. put-back.ts reverts what Node changes of a
// process at its start, as far as possible. Differences:
// - a blocking call stops the whole event loop, and exit() ends the process without flushing, writing coverage or running
//   'exit' handlers;
// - programs on Node do not survive a failure of the engine;
// - child_process cannot be used beside it: waitpid(-1) would reap its children.
// Must not: be loaded from two worker threads; the addon keeps one static result.
// Read next: bind.c, put-back.ts, argv.ts, ../calls.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Calls, Done, Fd } from '../calls.ts';
import { useHost } from '../sys.ts';
import { argumentWriter, type Called, calledAs } from './argv.ts';

declare const globalThis: { __sys?: Calls };

/** Loads the addon, makes it the host in use, and returns it. Throws when it cannot be loaded. */
export const openAddon = (path: string, { args, ours }: Called): Calls => {
  const addon: { exports: Partial<Calls> } = { exports: {} };
  process.dlopen(addon, path);
  const calls = addon.exports as Calls;
  const host: Calls = { ...calls, args: () => args, argWrite: argumentWriter(calls, ours) };
  // Node sets close-on-exec on inherited descriptors
  for (const fd of [0, 1, 2] as unknown as readonly Fd[]) host.setCloexec(fd, 0);
  globalThis.__sys = host;
  useHost(host);
  return host;
};

/** Directories for a temporary copy of the addon, tried until one can store and execute it. */
const runtimeDirectories = (): readonly string[] => {
  const { XDG_RUNTIME_DIR, TMPDIR } = process.env;
  return [XDG_RUNTIME_DIR ?? '', '/run', '/dev/shm', TMPDIR ?? '', '/tmp'].filter((dir) => dir[0] === '/');
};

/** No directory could store and execute the addon. The message is one line with a reason for each. */
export class NoPlace extends Error {}

const why = (problem: unknown): string => {
  const { code, message } = problem as NodeJS.ErrnoException;
  return code === undefined || code === 'ERR_DLOPEN_FAILED' ? message.replaceAll('\n', ' ') : code;
};

/**
 * Loads the addon from memory, through a temporary file in the first directory that can store and execute it.
 * `packed`: Node and the script are one executable. Throws NoPlace.
 */
export const loadBytes = (addon: Uint8Array, packed: boolean): Calls => {
  const problems: string[] = [];
  for (const dir of runtimeDirectories()) {
    try {
      return throughFile(dir, addon, packed);
    } catch (problem) {
      problems.push(`${dir}: ${why(problem)}`);
    }
  }
  throw new NoPlace(`no directory can hold the system calls' library: ${problems.join('; ')}`);
};

/** Node has threads, and signals of its own: it cannot re-execute itself in the middle of a failure. */
const withoutCheckpoints = (host: Calls): Calls => {
  const calls: Calls = { ...host, checkpoint: () => 0 as Done };
  useHost(calls);
  return calls;
};

const throughFile = (dir: string, addon: Uint8Array, packed: boolean): Calls => {
  const place = mkdtempSync(`${dir}/runitbox-`);
  try {
    writeFileSync(`${place}/sys.node`, addon);
    return withoutCheckpoints(openAddon(`${place}/sys.node`, calledAs(packed)));
  } finally {
    rmSync(place, { recursive: true });
  }
};
