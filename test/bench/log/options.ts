// The command line of the logger benchmarks.
import { parseArgs } from 'node:util';
import { INPUTS, type Input, LOGGERS, type LoggerName, WORKS, type Work } from './model.ts';

export const USAGE = `usage: log/run.ts [--quick] [--assert [--slack FACTOR]] [--ours PATH] [--loggers NAME,...] [--lengths N,...]
                 [--works WORK,...] [--input pipe,file] [--mb N] [--rounds N] [--dir DIR] [--no-quiet] [--json FILE]
  --quick        8 MB of 100-byte lines, plain and -t, ours against C svlogd, and the quiet figures, short
  --assert       exit 1 when a limit is not met
  --slack F      with --assert: limits are F times as wide
  --ours PATH    svlogd, a directory with it, or the multicall executable; dist/runitbox
  --loggers      of ${LOGGERS.join(' ')}
  --works        of ${WORKS.join(' ')}
  --dir DIR      where lines and logs lie: a disk, say; else in memory
  --no-quiet     throughput only: no latency, memory, wake-ups
`;

export interface Options {
  readonly quick: boolean;
  readonly assert: boolean;
  readonly slack: number;
  readonly ours: string;
  readonly loggers: readonly LoggerName[];
  readonly lengths: readonly number[];
  readonly works: readonly Work[];
  readonly inputs: readonly Input[];
  readonly bytes: number;
  readonly rounds: number;
  readonly dir: string | null;
  readonly quietFigures: boolean;
  readonly json: string | null;
}

const listOf = <T extends string>(option: string, text: string | undefined, all: readonly T[], usual: readonly T[]) => {
  if (text === undefined) return usual;
  const words = text.split(',');
  const unknown = words.find((word) => !all.some((one) => one === word));
  if (unknown !== undefined) throw new Error(`--${option}: expected of ${all.join(' ')}, got ${unknown}`);
  return all.filter((one) => words.includes(one));
};

const numberOf = (option: string, text: string, least: number): number => {
  const value = Number(text);
  if (!(value >= least)) throw new Error(`--${option}: expected a number from ${least} on, got ${text}`);
  return value;
};

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean', default: false } as const;

/** Throws an Error that tells what is wrong. */
export const parse = (argv: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: FLAG,
      assert: FLAG,
      slack: { ...TEXT, default: '1' },
      ours: { ...TEXT, default: 'dist/runitbox' },
      loggers: TEXT,
      lengths: TEXT,
      works: TEXT,
      input: TEXT,
      mb: TEXT,
      rounds: TEXT,
      dir: TEXT,
      'no-quiet': FLAG,
      json: TEXT,
    },
  });
  const quick = values.quick;
  const lengths = (values.lengths ?? (quick ? '100' : '20,100,8000')).split(',');
  return {
    quick,
    assert: values.assert,
    slack: numberOf('slack', values.slack, 1),
    ours: values.ours,
    loggers: listOf('loggers', values.loggers, LOGGERS, quick ? ['ours', 'c'] : LOGGERS),
    lengths: lengths.map((one) => numberOf('lengths', one, 18)),
    works: listOf('works', values.works, WORKS, quick ? ['plain', '-t'] : WORKS),
    inputs: listOf('input', values.input, INPUTS, ['pipe']),
    bytes: numberOf('mb', values.mb ?? (quick ? '8' : '100'), 1) * 1e6,
    rounds: numberOf('rounds', values.rounds ?? '5', 1),
    dir: values.dir ?? null,
    quietFigures: !values['no-quiet'],
    json: values.json ?? null,
  };
};
