// The command line of the suite.
//
//   run.ts [--suites c,ours,...] [--filter TEXT] [--jobs N] [--repeat N] [--show] [--ours FILE] [--c231 DIR]
//          [--flavour static|node] [--share N]
//
// Promises: throws with one line on anything it does not know. Read next: run.ts.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Flavour } from './flavour.ts';
import type { Suite } from './model.ts';
import { C231, SUITES } from './suites.ts';

export interface Options {
  readonly suites: readonly Suite[];
  readonly filter: string;
  readonly jobs: number;
  readonly repeat: number;
  /** Prints the notes of every case. */
  readonly show: boolean;
  /** The multicall executable. */
  readonly ours: string;
  /** A directory with 2.3.1's programs. */
  readonly c231: string | undefined;
  /** Which of ours it is. */
  readonly flavour: Flavour;
  /** Plays every so-many-th case, and those that the flavour cannot play. */
  readonly share: number;
}

const TEXT = { type: 'string' } as const;

export function parseOptions(argv: readonly string[], root: string): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      suites: TEXT,
      filter: TEXT,
      jobs: TEXT,
      repeat: TEXT,
      ours: TEXT,
      c231: TEXT,
      flavour: TEXT,
      share: TEXT,
      show: { type: 'boolean' },
    },
  });
  const flavour = flavourNamed(values.flavour ?? 'static');
  return {
    suites: values.suites === undefined ? SUITES : values.suites.split(',').map(suiteNamed),
    filter: values.filter ?? '',
    jobs: count('--jobs', values.jobs, 16),
    repeat: count('--repeat', values.repeat, 1),
    show: values.show ?? false,
    ours: resolve(values.ours ?? `${root}/dist/runitbox${flavour === 'node' ? '-node' : ''}`),
    c231: values.c231,
    flavour,
    share: count('--share', values.share, 1),
  };
}

function flavourNamed(name: string): Flavour {
  if (name !== 'static' && name !== 'node') throw new Error(`no flavour ${name}; there are static, node`);
  return name;
}

function suiteNamed(name: string): Suite {
  const all = [...SUITES, C231];
  const found = all.find((it) => it.name === name);
  if (!found) throw new Error(`no suite ${name}; there are ${all.map((it) => it.name).join(', ')}`);
  return found;
}

function count(option: string, text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} wants a whole number above 0, got ${text}`);
  return value;
}
