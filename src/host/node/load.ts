// The Node host: loads the addon and puts its table under globalThis.__sys. Import this before anything that
// imports ../sys.ts.
//
// Promises: the same calls as the static executable, argument bytes included. What Node itself changes before we
// get a word in stays changed, and children inherit it:
// - the soft limit on open files is raised to the hard one (so `chpst -o` and softlimit show other numbers);
// - the descriptors it was given are close-on-exec; 0, 1 and 2 are freed of that here, higher ones stay lost;
// - SIGPIPE is ignored, unless catchSignals catches it;
// - argWrite is -ENOSYS: where argv lies in memory is not known, so `ps` shows no runsvdir log;
// - a blocking call stops the whole event loop, and exit() ends the process with nothing flushed, no coverage
//   written and no 'exit' handler run;
// - child_process must not be used beside it: waitpid(-1) would take its children.
// Must not: be loaded from two worker threads; the addon keeps one static result.
// Read next: bind.c, ../calls.ts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Bytes, Calls, Fd } from '../calls.ts';
import { refused } from '../calls.ts';
import { O_RDONLY } from '../linux.ts';

declare const globalThis: { __sys?: Calls };

const asBytes = (text: string): Bytes => Buffer.from(text, 'utf8').toString('latin1');

const commandLine = (): readonly Bytes[] => {
  try {
    return readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
  } catch {
    return [];
  }
};

/** The bytes of the last `texts.length` arguments; the kernel's where they agree, as Node replaces what is no UTF-8. */
export const exactArgs = (texts: readonly string[], raw: readonly Bytes[]): readonly Bytes[] => {
  const from = raw.length - texts.length;
  const decoded = (i: number): string => Buffer.from(raw[from + i] ?? '', 'latin1').toString('utf8');
  return texts.map((text, i) => (from >= 0 && decoded(i) === text ? (raw[from + i] ?? '') : asBytes(text)));
};

/** argv[0] is the script as it was called, or, where Node and script are one file, what was typed. */
const nodeArgs = (packed: boolean): readonly Bytes[] => {
  const called = packed ? process.argv0 : (process.argv[1] ?? process.argv0);
  return [asBytes(called), ...exactArgs(process.argv.slice(2), commandLine())];
};

/** Node makes what it inherited close-on-exec; a copy by dup2 is not. */
const passOn = (host: Calls, fd: Fd): void => {
  const spare = host.open('/', O_RDONLY, 0);
  if (refused(spare)) return;
  if (!refused(host.dup2(fd, spare))) host.dup2(spare, fd);
  host.close(spare);
};

const openAddon = (path: string, packed: boolean): Calls => {
  const addon: { exports: Partial<Calls> } = { exports: {} };
  process.dlopen(addon, path);
  const args = nodeArgs(packed);
  const host = { ...addon.exports, args: () => args } as Calls;
  for (const fd of [0, 1, 2]) passOn(host, fd as Fd);
  globalThis.__sys = host;
  return host;
};

const runtimeDirectories = (): readonly string[] =>
  [process.env['XDG_RUNTIME_DIR'], '/run', '/dev/shm', tmpdir()].filter((dir) => dir !== undefined);

/**
 * Loads the addon from memory, for the packed build: through a file in the first directory that can hold and
 * execute one, gone again at once. Throws when there is none.
 */
export const loadBytes = (addon: Uint8Array): Calls => {
  const problems: unknown[] = [];
  for (const dir of runtimeDirectories()) {
    try {
      return throughFile(dir, addon);
    } catch (problem) {
      problems.push(problem);
    }
  }
  throw new AggregateError(problems, 'no directory can hold the addon');
};

const throughFile = (dir: string, addon: Uint8Array): Calls => {
  const place = mkdtempSync(`${dir}/runitbox-`);
  try {
    writeFileSync(`${place}/sys.node`, addon);
    return openAddon(`${place}/sys.node`, true);
  } finally {
    rmSync(place, { recursive: true });
  }
};

/** Loads the addon that build.sh made in this checkout. Throws when it cannot be loaded. */
export const loadBuilt = (): Calls =>
  openAddon(fileURLToPath(new URL('../../../out/node/sys.node', import.meta.url)), false);
