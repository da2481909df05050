// Commands of the machine that tests: run to their end, with a deadline, and told of in full where they fail.
import { type ChildProcess, execFile } from 'node:child_process';

const COMMAND_MS = 120_000;

const running = new Set<ChildProcess>();

export interface Done {
  readonly code: number;
  readonly output: string;
}

/** Runs a command to its end; its exit code (124 after the deadline) and all that it said. */
export const attemptCommand = (words: readonly string[], deadlineMs = COMMAND_MS): Promise<Done> =>
  new Promise((resolve) => {
    const [program = 'false', ...args] = words;
    const options = { timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: 1 << 26 } as const;
    const child = execFile(program, args, options, (failure, stdout, stderr) => {
      running.delete(child);
      const code = failure === null ? 0 : typeof failure.code === 'number' ? failure.code : failure.killed ? 124 : 127;
      resolve({ code, output: stdout + stderr });
    });
    running.add(child);
    child.stdin?.end();
  });

/** As `attemptCommand`, for one that must not fail: what it said. */
export const command = async (...words: readonly string[]): Promise<string> => {
  const { code, output } = await attemptCommand(words);
  if (code !== 0) throw new Error(`${words.join(' ')}: exit code ${code}\n${output}`);
  return output;
};

/** Ends what still runs, for an end before its time. */
export function endCommands(): void {
  for (const child of running) child.kill('SIGTERM');
}
