// Cases that runsvdir --one-process answers otherwise: left out of a run with `--supervision one-process`, each for a reason.
//
// Promises: only what the option cannot keep stands here: there is no runsv, so no process of that name, no end of it, no
// signal to it. A name that is no case is a fault. Read next: ../lib/supervision.ts.
import type { Supervision } from '../lib/supervision.ts';
import type { Case } from './model.ts';

const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'kill a process named runsv, or await that it outlives runsvdir': [
    'runsvdir-real/runsv-killed',
    'runsvdir-real/term',
  ],
  'send signals to runsv': [
    'runsv-exit/hup',
    'runsv-exit/hup-ignored',
    'runsv-exit/int',
    'runsv-exit/quit',
    'runsv-exit/usr1',
    'runsv-exit/usr2',
    'runsv-exit/alrm',
    'runsv-exit/pipe',
  ],
  'await the end of runsv after x, or d and x: runsvdir supervises the service again': [
    'runsv-exit/x',
    'runsv-exit/files-after',
    'runsv-bytes/run-x',
    'runsv-bytes/finish-x',
    'runsv-bytes/down-x',
    'runsv-bytes/together-dx',
    'runsv-control/order-exit',
    'runsv-ending/pause-x',
    'runsv-log/leaving-reads',
    'runsv-log/leaving-down',
    'runsv-log/leaving-grandchild',
    'runsv-log/drains',
    'sv-real/log',
    'sv-real/lifecycle',
  ],
  'await the end of runsv for what it cannot supervise: runsvdir tries again': [
    'runsv-start/closed-directory',
    'runsv-start/unwritable-directory',
    'runsv-start/supervise-is-file',
    'runsv-start/lock-is-directory',
    'runsv-start/control-is-file',
    'runsv-start/status-is-directory',
    'runsv-start/long-link',
    'runsv-start/log-supervise-is-file',
    'runsv-start/second-instance',
  ],
  'look at the parent, or at HUP, which runsvdir catches': ['runsv-start/session', 'runsv-start/what-run-inherits'],
};

/** Cases that put a program of their own in the place of runsv, which nobody starts. */
const OWN_RUNSV = 'runsvdir/';

/** What is left of the cases, a line for each reason, and names that are no case. */
export const kept = (
  cases: readonly Case[],
  supervision: Supervision,
): { readonly cases: readonly Case[]; readonly lines: readonly string[]; readonly lost: readonly string[] } => {
  if (supervision === 'plain') return { cases, lines: [], lost: [] };
  const out = new Set(Object.values(LEFT_OUT).flat());
  const lines = Object.entries(LEFT_OUT).map(([reason, names]) => `left out, as they ${reason}: ${names.join(' ')}`);
  const lost = [...out].filter((name) => !cases.some((given) => given.name === name));
  lines.push(`left out, as they start a runsv of their own: ${OWN_RUNSV}...`);
  const isKept = ({ name }: Case): boolean => !out.has(name) && !name.startsWith(OWN_RUNSV);
  return { cases: cases.filter(isKept), lines, lost: lost.map((name) => `no case ${name}`) };
};
