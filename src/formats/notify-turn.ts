// What many messages of sd_notify(3) say together, when they are read at one moment.
//
// Promises: pure; whatever was sent, a handful of events comes out of it: of each kind what counts in the end. A reload that both
// began and ended is still seen to begin. Read first: notify.ts.
import type { NotifyEvent } from './notify.ts';

type Kind = NotifyEvent['kind'];

/** What counts of these kinds is the last one, wherever it stands. */
const LAST: readonly Kind[] = ['mainPid', 'watchdog', 'extend', 'resetStreak', 'sign', 'text', 'trigger'];

/** The states that a service tells of itself follow each other: the last ready or stopping, and a reload before and behind it. */
const states = (events: readonly NotifyEvent[]): readonly NotifyEvent[] => {
  const told = events.filter(({ kind }) => kind === 'ready' || kind === 'stopping' || kind === 'reloading');
  const at = told.findLastIndex(({ kind }) => kind !== 'reloading');
  const reload = { kind: 'reloading' } as const;
  const base = told[at];
  const isBefore = base?.kind === 'ready' && told.slice(0, at).some(({ kind }) => kind === 'reloading');
  return [
    ...(isBefore ? [reload] : []),
    ...(base === undefined ? [] : [base]),
    ...(at < told.length - 1 ? [reload] : []),
  ];
};

/** The events that remain, in the order in which they are to happen. */
export const inOrder = (events: readonly NotifyEvent[]): readonly NotifyEvent[] => {
  if (events.length < 2) return events;
  const last = LAST.flatMap((each) => events.findLast(({ kind }) => kind === each) ?? []);
  return [...states(events), ...last];
};
