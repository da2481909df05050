// Running a program to its end, and having what it said.
//
// Promises: every run has a time limit; what a signal to the suite leaves running is ended (endPrograms). A program that had
// to succeed and did not is an error with its command line, exit code and last lines.
import { type ChildProcess, spawn } from 'node:child_process';

export interface Result {
  /** 124 after the time limit, as timeout(1) has it; 128 and the signal's number for another signal; 127: not started. */
  readonly code: number;
  /** Both streams, in the order in which they came. */
  readonly text: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Set besides this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** Bounds what hangs: an image that is built from source on a machine that has other things to do takes minutes. */
const TIMEOUT_MS = 900_000;
const LINES_SHOWN = 40;

const running = new Set<ChildProcess>();

const codeOf = (code: number | null, expired: boolean): number => (expired ? 124 : (code ?? 128));

/** Any exit code will do. */
export const run = (words: readonly string[], options: RunOptions = {}): Promise<Result> =>
  new Promise((resolve) => {
    const [program = '', ...args] = words;
    const { cwd, env, input = '', timeoutMs = TIMEOUT_MS } = options;
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
    running.add(child);
    let expired = false;
    const timer = setTimeout(() => {
      expired = child.kill('SIGKILL');
    }, timeoutMs);
    const settle = (result: Result): void => {
      clearTimeout(timer);
      running.delete(child);
      resolve(result);
    };
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', (cause) => settle({ code: 127, text: cause.message }));
    child.on('close', (code) => settle({ code: codeOf(code, expired), text }));
  });

/** The exit code must be 0; what was said. */
export const mustRun = async (words: readonly string[], options: RunOptions = {}): Promise<string> => {
  const { code, text } = await run(words, options);
  if (code === 0) return text;
  throw new Error(`${words.join(' ')}: exit code ${code}\n${text.split('\n').slice(-LINES_SHOWN).join('\n')}`);
};

/** Ends what still runs: for an end before its time. */
export const endPrograms = (): void => {
  for (const child of running) child.kill('SIGTERM');
};
