// The command line of the svlogd suite. Throws with one line on anything it does not know.
import { parseArgs } from 'node:util';
import { join, resolve } from 'node:path';
import type { Batch } from './model.ts';

export const GROUPS = ['matrix', 'property', 'scenarios', 'differences', 'lines', 'streams', 'bounds'] as const;
export type Group = (typeof GROUPS)[number];

export const USAGE = `usage: run.ts [--bin DIR] [--seed N] [--cases N] [--only GROUP,...] [--filter TEXT] [--jobs N] [--self]
              [--replay JSON] [--list]
  --bin DIR    where svlogd is; default: dist/runitbox under that name
  --seed N     of the random cases; --cases N how many (2000)
  --only       of ${GROUPS.join(' ')}
  --filter     only what has TEXT in its name
  --self       the other one is C, too, and nothing may differ: proves the suite itself quiet
  --replay     one batch as JSON, as a failure prints it
`;

export interface Options {
  readonly bin: string | null;
  readonly multicall: string;
  readonly seed: number;
  readonly cases: number;
  readonly only: readonly Group[];
  readonly filter: string;
  readonly jobs: number;
  readonly self: boolean;
  readonly replay: Batch | null;
  readonly list: boolean;
}

const numberOf = (name: string, text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name}: expected a number, got ${text}`);
  return value;
};

const groupsOf = (text: string | undefined): readonly Group[] => {
  if (text === undefined) return GROUPS;
  const words = text.split(',');
  const unknown = words.find((word) => !GROUPS.some((one) => one === word));
  if (unknown !== undefined) throw new Error(`--only: expected of ${GROUPS.join(' ')}, got ${unknown}`);
  return GROUPS.filter((one) => words.includes(one));
};

const TEXT = { type: 'string' } as const;

export const parseOptions = (argv: readonly string[], root: string): Options => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      bin: TEXT,
      seed: { ...TEXT, default: '1' },
      cases: { ...TEXT, default: '2000' },
      only: TEXT,
      filter: { ...TEXT, default: '' },
      jobs: { ...TEXT, default: '4' },
      self: { type: 'boolean', default: false },
      replay: TEXT,
      list: { type: 'boolean', default: false },
    },
  });
  return {
    bin: values.self ? '/usr/bin' : values.bin === undefined ? null : resolve(values.bin),
    multicall: join(root, 'dist/runitbox'),
    seed: numberOf('seed', values.seed),
    cases: numberOf('cases', values.cases),
    only: groupsOf(values.only),
    filter: values.filter,
    jobs: Math.max(1, numberOf('jobs', values.jobs)),
    self: values.self,
    replay: values.replay === undefined ? null : (JSON.parse(values.replay) as Batch),
    list: values.list,
  };
};
