// Megabytes of lines a second, each logger in turn.
//
// Promises: all loggers of a row are measured in the same rounds, one after the other, the first one changing; a run
// counts only if the logger exited 0 and the last line fed stands at the end of its `current`.
// Read next: feed.c (the clock), loggers.ts.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Lines, writeLines } from './lines.ts';
import type { Input, Logger, LoggerName, Work } from './model.ts';

const RUN_MS = 120_000;
const exec = promisify(execFile);

export interface Plan {
  readonly feed: string;
  readonly loggers: readonly Logger[];
  readonly lengths: readonly number[];
  readonly works: readonly Work[];
  readonly inputs: readonly Input[];
  readonly bytes: number;
  readonly rounds: number;
  /** Where data and logs lie. */
  readonly dir: string;
}

export interface Row {
  readonly length: number;
  readonly work: Work;
  readonly input: Input;
  /** Seconds of each round, and of processor time. */
  readonly wall: Readonly<Partial<Record<LoggerName, readonly number[]>>>;
  readonly cpu: Readonly<Partial<Record<LoggerName, readonly number[]>>>;
  readonly bytes: number;
}

interface Data extends Lines {
  readonly path: string;
}

const once = async (plan: Plan, data: Data, input: Input, command: readonly string[], dir: string) => {
  const { stdout } = await exec(plan.feed, ['run', input, data.path, ...command], { timeout: RUN_MS });
  const [wallNs = 0, userUs = 0, systemUs = 0, status = 1] = stdout.trim().split(' ').map(Number);
  const kept = readFileSync(join(dir, 'current'), 'latin1').trimEnd();
  if (status !== 0) throw new Error(`${command.join(' ')}: wait status ${status}`);
  if (!kept.endsWith(data.last))
    throw new Error(`${command.join(' ')}: current ends in ${JSON.stringify(kept.slice(-60))}`);
  return { wall: wallNs / 1e9, cpu: (userUs + systemUs) / 1e6 };
};

type Times = Partial<Record<LoggerName, number[]>>;

const add = (times: Times, name: LoggerName, value: number): void => {
  times[name] = [...(times[name] ?? []), value];
};

const measureRow = async (plan: Plan, data: Data, length: number, work: Work, input: Input): Promise<Row> => {
  const [wall, cpu]: [Times, Times] = [{}, {}];
  for (let round = 0; round < plan.rounds; round++) {
    for (let i = 0; i < plan.loggers.length; i++) {
      const logger = plan.loggers[(i + round) % plan.loggers.length];
      const dir = join(plan.dir, 'log');
      mkdirSync(dir);
      const command = logger?.command(work, dir) ?? null;
      if (logger !== undefined && command !== null) {
        const took = await once(plan, data, input, command, dir);
        add(wall, logger.name, took.wall);
        add(cpu, logger.name, took.cpu);
      }
      rmSync(dir, { recursive: true });
    }
  }
  return { length, work, input, wall, cpu, bytes: data.bytes };
};

/** Every row, as soon as it is there. */
export async function* measureThroughput(plan: Plan): AsyncGenerator<Row> {
  for (const length of plan.lengths) {
    const path = join(plan.dir, 'lines');
    const data = { path, ...writeLines(path, length, plan.bytes) };
    for (const input of plan.inputs)
      for (const work of plan.works) yield await measureRow(plan, data, length, work, input);
    rmSync(path);
  }
}
