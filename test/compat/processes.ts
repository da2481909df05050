// Processes of one world: starting them, and finding and ending whatever is left of them.
//
// Promises: everything a world starts, orphans included, carries the world's directory in its environment, is found
// by that in /proc, and is ended by its number. Output goes to files, so that no orphan holds a pipe of ours.
// Read next: world.ts.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { kill, killMarked } from '../lib/proc.ts';
import { bounded, sleep, TimeoutError } from '../lib/wait.ts';

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
    child.once('error', (cause) => reject(new TimeoutError(`cannot start ${given.file}: ${cause.message}`)));
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

/**
 * Ends every process that carries `mark`. `leaders` lead the groups that most of them are in; ending those first spares
 * looks at every process of the machine.
 */
export async function sweep(mark: string, leaders: readonly Running[]): Promise<void> {
  for (const { pid } of leaders) if (pid > 1) kill(-pid, 'SIGKILL');
  await sleep(5);
  await killMarked(mark);
}
