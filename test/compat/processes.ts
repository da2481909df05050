// Processes of one world: starting them, and finding and ending whatever is left of them.
//
// Promises: everything a world starts, orphans included, carries the world's directory in its environment, is found
// by that in /proc, and is ended by its number. Output goes to files, so that no orphan holds a pipe of ours.
// Read next: world.ts.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { bounded, pause, Stuck } from './waiting.ts';

export const MARK = 'COMPAT_WORLD';

export interface Launch {
  readonly file: string;
  readonly argv0: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where stdout and stderr go: the path's stem. */
  readonly output: string;
  readonly uid?: number;
  readonly stdin?: number;
  /** Descriptors to hand down as 3, 4, ... */
  readonly extra?: readonly number[];
}

export interface Running {
  readonly pid: number;
  /** `exit N` or `signal NAME`, once it ended. */
  end(): string | undefined;
  ended(deadlineMs?: number): Promise<string>;
  stdout(): string;
  stderr(): string;
}

export interface Finished {
  readonly end: string;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

/** A user who owns nothing. */
export const NOBODY = 65534;

export function launch(given: Launch): Running {
  const [outPath, errPath] = [`${given.output}.out`, `${given.output}.err`];
  const [out, err] = [openSync(outPath, 'w'), openSync(errPath, 'w')];
  const child = spawn(given.file, given.args, {
    argv0: given.argv0,
    cwd: given.cwd,
    env: given.env,
    detached: true,
    stdio: [given.stdin ?? 'ignore', out, err, ...(given.extra ?? [])],
    ...(given.uid === undefined ? {} : { uid: given.uid, gid: given.uid }),
  });
  let end: string | undefined;
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', (cause) => reject(new Stuck(`cannot start ${given.file}: ${cause.message}`)));
    child.once('exit', (code, signal) => {
      end = signal === null ? `exit ${code}` : `signal ${signal}`;
      resolve(end);
    });
  });
  ended.catch(() => undefined);
  closeSync(out);
  closeSync(err);
  const what = `end of ${given.argv0} ${given.args.join(' ')}`;
  return {
    pid: child.pid ?? -1,
    end: () => end,
    ended: (deadlineMs) => bounded(what, ended, deadlineMs),
    stdout: () => readFileSync(outPath, 'latin1'),
    stderr: () => readFileSync(errPath, 'latin1'),
  };
}

/** Numbers of the living processes whose environment carries `mark`. */
function marked(mark: string): number[] {
  const wanted = `${MARK}=${mark}\0`;
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => proc(pid, 'environ').includes(wanted));
}

/**
 * Ends every process that carries `mark`, and those they start meanwhile, until there is none. `leaders` lead the
 * groups that most of them are in; ending those first spares looks at every process of the machine.
 */
export async function sweep(mark: string, leaders: readonly Running[]): Promise<void> {
  for (const { pid } of leaders) if (pid > 1) signal(-pid, 'SIGKILL');
  for (let waitMs = 5; waitMs < 2000; waitMs *= 1.2) {
    await pause(waitMs);
    const left = marked(mark);
    if (left.length === 0) return;
    // Stopped first, so that none can start another while its neighbours are being ended.
    for (const name of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of left) signal(pid, name);
  }
  throw new Stuck(`processes that cannot be ended: ${marked(mark).join(' ')}`);
}

/** Sends a signal to a process, or to a group by its negative number; one that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    if (pid !== 0 && Math.abs(pid) !== 1) process.kill(pid, name);
  } catch {
    // It ended before.
  }
}

/** The text of /proc/PID/NAME, or an empty string where the process is gone. */
export function proc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

/** A letter of /proc/PID/stat (R, S, T, Z, ...), or undefined where the process is gone or a zombie. */
export function processState(pid: number): string | undefined {
  const state = /\) (\S)/.exec(proc(pid, 'stat'))?.[1];
  return state === 'Z' || state === 'X' ? undefined : state;
}

export function alive(pid: number): boolean {
  return processState(pid) !== undefined;
}

/** A field of /proc/PID/status, as `SigBlk`. */
export function procField(pid: number, field: string): string {
  return new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(proc(pid, 'status'))?.[1] ?? 'gone';
}
