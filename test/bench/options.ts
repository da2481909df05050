// The command line of the benchmarks.
import { parseArgs } from 'node:util';

export const USAGE = `usage: run.ts [--quick] [--only NAME[,NAME]] [--json FILE] [--assert [--slack FACTOR]]
              [--ours PATH] [--c PATH] [--list]
  --quick        fewer and smaller runs, of what has a limit; about a minute
  --only NAMES   only these figures (see --list)
  --json FILE    all figures as JSON, too
  --assert       exit 1 when a limit is not met
  --slack F      with --assert: limits are F times as wide
  --ours PATH    executable (or directory of executables) to measure; dist/runitbox
  --c PATH       what it is measured against; /usr/bin
`;

export interface Options {
  readonly quick: boolean;
  readonly only: readonly string[] | null;
  readonly json: string | null;
  readonly assert: boolean;
  readonly slack: number;
  readonly ours: string;
  readonly c: string;
  readonly list: boolean;
}

/** Throws an Error that tells what is wrong. */
export const parse = (argv: readonly string[], names: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'string' },
      assert: { type: 'boolean', default: false },
      slack: { type: 'string', default: '1' },
      ours: { type: 'string', default: 'dist/runitbox' },
      c: { type: 'string', default: '/usr/bin' },
      list: { type: 'boolean', default: false },
    },
  });
  const slack = Number(values.slack);
  if (!(slack >= 1)) throw new Error(`--slack: expected a number from 1 on, got ${values.slack}`);
  const only = values.only?.split(',') ?? null;
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only: expected of ${names.join(' ')}, got ${unknown}`);
  const { quick, assert, ours, c, list } = values;
  return { quick, only, json: values.json ?? null, assert, slack, ours, c, list };
};
