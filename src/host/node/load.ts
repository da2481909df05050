// The Node host: loads the addon, and gives its table of calls, completed by what only Node can say.
//
// Promises: the same calls as the static executable, argument bytes included. What Node changes of a process before we
// get a word in is put back by put-back.ts, as far as it can be. What stays different:
// - a blocking call stops the whole event loop, and exit() ends the process with nothing flushed, no coverage
//   written and no 'exit' handler run;
// - the programs that are made of it do not go on after a failure of the engine;
// - child_process must not be used beside it: waitpid(-1) would take its children.
// Must not: be loaded from two worker threads; the addon keeps one static result.
// Read next: bind.c, put-back.ts, argv.ts, ../calls.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Calls, Done, Fd } from '../calls.ts';
import { useHost } from '../sys.ts';
import { argumentWriter, type Called, calledAs } from './argv.ts';

declare const globalThis: { __sys?: Calls };

/** Loads the addon, makes it the host in use, and gives it. Throws when it cannot be loaded. */
export const openAddon = (path: string, { args, ours }: Called): Calls => {
  const addon: { exports: Partial<Calls> } = { exports: {} };
  process.dlopen(addon, path);
  const calls = addon.exports as Calls;
  const host: Calls = { ...calls, args: () => args, argWrite: argumentWriter(calls, ours) };
  // Node makes what it inherited close-on-exec
  for (const fd of [0, 1, 2] as unknown as readonly Fd[]) host.setCloexec(fd, 0);
  globalThis.__sys = host;
  useHost(host);
  return host;
};

/** Where the addon may be put for a moment: each is tried until one can hold and execute it. */
const runtimeDirectories = (): readonly string[] => {
  const { XDG_RUNTIME_DIR, TMPDIR } = process.env;
  return [XDG_RUNTIME_DIR ?? '', '/run', '/dev/shm', TMPDIR ?? '', '/tmp'].filter((dir) => dir[0] === '/');
};

/** No directory could hold the addon. The message is one line with a reason for each. */
export class NoPlace extends Error {}

const why = (problem: unknown): string => {
  const { code, message } = problem as NodeJS.ErrnoException;
  return code === undefined || code === 'ERR_DLOPEN_FAILED' ? message.replaceAll('\n', ' ') : code;
};

/**
 * Loads the addon from memory: through a file in the first directory that can hold and execute one, gone again at
 * once. `packed`: Node and the script are one executable. Throws NoPlace.
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
