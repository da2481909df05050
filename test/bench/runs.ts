// The face of measure.c: programs run in turn, and what each run cost.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Tools } from './programs.ts';

const run = promisify(execFile);

export interface Run {
  readonly wallUs: number;
  readonly cpuUs: number;
  readonly faults: number;
  /** Raw wait status. */
  readonly status: number;
}

export interface Given {
  readonly commands: readonly (readonly string[])[];
  readonly rounds: number;
  readonly env: Readonly<Record<string, string>>;
}

const parse = (line: string): readonly [number, Run] => {
  const [side = Number.NaN, wallNs = Number.NaN, cpuUs = Number.NaN, faults = Number.NaN, status = Number.NaN] = line
    .split(' ')
    .map(Number);
  return [side, { wallUs: wallNs / 1000, cpuUs, faults, status }];
};

/** All runs of each command, in the order of `commands`. Throws where one cannot be started. */
export const measureRuns = async (
  tools: Tools,
  { commands, rounds, env }: Given,
): Promise<readonly (readonly Run[])[]> => {
  const words = commands.flatMap((command, i) => (i === 0 ? [...command] : ['--', ...command]));
  const { stdout } = await run(tools.measure, [String(rounds), ...words], { env: { ...env }, maxBuffer: 1 << 26 });
  const all: Run[][] = commands.map(() => []);
  for (const line of stdout.split('\n')) {
    if (line === '') continue;
    const [side, one] = parse(line);
    all[side]?.push(one);
  }
  return all;
};

/** One run of one command, which must exit 0. */
export const measureOnce = async (
  tools: Tools,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Run> => {
  const [[one] = []] = await measureRuns(tools, { commands: [command], rounds: 1, env });
  if (one === undefined || one.status !== 0) throw new Error(`${command.join(' ')}: wait status ${one?.status}`);
  return one;
};
