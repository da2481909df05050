// What the Node flavour cannot do: the cases that play out otherwise with dist/runitbox-node, and nothing else may.
//
// Promises: each exception is a heading in docs/node.md, with its reason, and must show: where Node does as C after all,
// that is a fault, too. Read next: run.ts, ../../docs/node.md.
import type { Case } from './model.ts';

export const FLAVOURS = ['static', 'node'] as const;
export type Flavour = (typeof FLAVOURS)[number];

export interface Exception {
  readonly id: `node-${string}`;
  /** Cases, and which of their notes differ; 'stuck': an awaited event does not come. */
  readonly cases: Readonly<Record<string, RegExp | 'stuck'>>;
}

const NODE: readonly Exception[] = [
  {
    id: 'node-ignored-signals',
    cases: {
      'runsvdir/what-runsv-inherits': /^told$/,
      'runsv-start/what-run-inherits': /^(plain|logged|log)$/,
      'runsv-exit/hup-ignored': 'stuck',
    },
  },
  { id: 'node-deadly-signals', cases: { 'runsvdir/sigusr1': /^runsvdir$/ } },
  {
    id: 'node-lock-number',
    cases: {
      'chpst/descriptors': /^-[lL] lock/,
      'chpst/pairs': /-[lL] LOCK/,
      'family/setlock': /^inherits/,
    },
  },
  { id: 'node-user-namespace', cases: { 'beyond/unshare': /^user$/ } },
  {
    id: 'node-engine',
    cases: {
      'runit/goes-on-in-stage-2': /^life: says so$/,
      'runit/goes-on-with-an-end': /^life: says so$/,
      'runit/goes-on-in-stage-3': /^life: says so$/,
    },
  },
  { id: 'node-libraries', cases: { 'beyond/scratch': /^(-|chpst)/, 'beyond/scratch-accounts': /^-/ } },
];

export const exceptionsOf = (flavour: Flavour): readonly Exception[] => (flavour === 'node' ? NODE : []);

/** The exception for a case; undefined: it must play out as with C. */
export function exceptionFor(given: Case, flavour: Flavour): RegExp | 'stuck' | undefined {
  return exceptionsOf(flavour).find((it) => given.name in it.cases)?.cases[given.name];
}

/** Faults of an excepted case: what differs beside the exception, or that nothing does. `differing`: keys of notes. */
export function excepted(exception: RegExp | 'stuck', differing: readonly string[]): readonly string[] {
  if (exception === 'stuck') return ['it came to its end: no exception'];
  if (differing.length === 0) return ['nothing differs: no exception'];
  return differing.filter((fault) => !exception.test(fault.split('\n')[0] ?? ''));
}
