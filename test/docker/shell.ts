// Running a program and having what it says. Promises: whoever waits is told what was run and what came of it.
import { spawn } from 'node:child_process';

export interface Ran {
  readonly code: number;
  /** Both streams, in the order in which they came. */
  readonly text: string;
}

export interface How {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 240_000;

/** Runs a program to its end; any exit code will do. */
export const ran = (words: readonly string[], how: How = {}): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const [program = '', ...args] = words;
    const child = spawn(program, args, {
      env: { ...process.env, ...how.env },
      stdio: 'pipe',
      timeout: how.timeoutMs ?? TIMEOUT_MS,
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()));
    child.stdin.on('error', () => {});
    child.stdin.end(how.input ?? '');
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal !== null) reject(new Error(`${words.join(' ')}: ended by ${signal}\n${text}`));
      else resolve({ code: code ?? -1, text });
    });
  });

/** Runs a program that must succeed; what it said. */
export const run = async (words: readonly string[], how: How = {}): Promise<string> => {
  const { code, text } = await ran(words, how);
  if (code !== 0) throw new Error(`${words.join(' ')}: exit code ${code}\n${text.split('\n').slice(-40).join('\n')}`);
  return text;
};

const LOOK_MS = 100;

/** Looks again and again at what nobody announces. Rejects with what was awaited. */
export const until = async <T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 60_000,
): Promise<T> => {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error(`waited ${deadlineMs / 1000} s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};
