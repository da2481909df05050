// The loggers that are compared, and how each is told to do the same: files of 1,000,000 bytes, 10 old ones, the same
// stamp, five patterns of the same meaning.
//
// Promises: programs are found by absolute path, or left out with a reason. multilog has no second stamp format.
// Must not tune any of them: what is measured is what their manuals tell people to write.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LOGGERS, type Logger, type LoggerName, type Work } from './model.ts';

const CONFIG = 's1000000\nn10\n';

/** What a service's owner would take out of its log: debug lines, health checks; and put back: errors. */
const STARS = ['-*: debug: *', '-*: trace: *', '-GET /health*', '-*[cron]*', '+*: error: *'];
const EXPRESSIONS = ['-: debug: ', '-: trace: ', '-^GET /health', '-\\[cron\\]', '+: error: '];

const STAMP: Readonly<Record<Work, readonly string[]>> = { plain: [], '-t': ['-t'], '-tt': ['-tt'], patterns: [] };

const svlogd = (name: LoggerName, words: readonly string[]): Logger => ({
  name,
  command: (work, dir) => {
    writeFileSync(join(dir, 'config'), work === 'patterns' ? `${CONFIG}${STARS.join('\n')}\n` : CONFIG);
    return [...words, ...STAMP[work], dir];
  },
});

const S6_STAMP: Readonly<Record<Work, readonly string[]>> = { plain: [], '-t': ['t'], '-tt': ['T'], patterns: [] };

const s6 = (path: string): Logger => ({
  name: 's6-log',
  command: (work, dir) => [
    path,
    '--',
    ...(work === 'patterns' ? EXPRESSIONS : []),
    ...S6_STAMP[work],
    'n10',
    's1000000',
    dir,
  ],
});

const multilog = (path: string): Logger => ({
  name: 'multilog',
  command: (work, dir) => {
    if (work === '-tt') return null;
    return [path, ...(work === '-t' ? ['t'] : []), 's1000000', 'n10', ...(work === 'patterns' ? STARS : []), dir];
  },
});

const inPath = (program: string): string => {
  const found = ['/usr/bin', '/bin', '/usr/sbin'].map((dir) => join(dir, program)).find(existsSync);
  if (found === undefined) throw new Error(`${program} is not installed`);
  return found;
};

/**
 * A directory with svlogd in it, svlogd itself, or a multicall file, which is copied and reached by a link. The copy lies
 * where executables do, on a disk: in memory its pages would count as private to whoever maps them.
 */
const svlogdAt = (origin: string, dir: string): string => {
  if (statSync(origin).isDirectory()) return resolve(origin, 'svlogd');
  if (origin.endsWith('svlogd')) return resolve(origin);
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'svlogd');
  rmSync(path, { force: true });
  copyFileSync(origin, join(dir, 'multicall'));
  symlinkSync('multicall', path);
  if (spawnSync(path, [], { stdio: 'ignore', timeout: 5000 }).status === 127)
    throw new Error(`${origin} has no svlogd`);
  return path;
};

const MAKERS: Readonly<Record<LoggerName, (ours: string, dir: string) => Logger>> = {
  ours: (ours, dir) => svlogd('ours', [svlogdAt(ours, dir)]),
  c: () => svlogd('c', [inPath('svlogd')]),
  // built with one applet, it needs no name of it
  busybox: () =>
    svlogd('busybox', [execFileSync(join(import.meta.dirname, 'busybox.sh'), { encoding: 'latin1' }).trim()]),
  's6-log': () => s6(inPath('s6-log')),
  multilog: () => multilog(inPath('multilog')),
};

export interface Found {
  readonly loggers: readonly Logger[];
  /** Why the others are not. */
  readonly missing: readonly string[];
}

/** Of `wanted` those that are there; `ours` is a file or directory, `dir` where a copy of it may lie. */
export const findLoggers = (wanted: readonly LoggerName[], ours: string, dir: string): Found => {
  const loggers: Logger[] = [];
  const missing: string[] = [];
  for (const name of LOGGERS.filter((one) => wanted.includes(one))) {
    try {
      loggers.push(MAKERS[name](ours, dir));
    } catch (cause) {
      missing.push(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  return { loggers, missing };
};
