// The steps of commands that wait while a control script is at work.
//
// Promises: the queue is bounded, whatever is sent. Signals that wait are kept as the kernel keeps pending ones: each
// once. p, c and what d and x add to TERM take the place of their last arrival, as there the last word counts; any
// other signal keeps the place of its first.
// Pure and total. Read first: types.ts. Read next: service.ts (who takes them).
import type { ScriptLetter, Service, SignLetter, Step } from './types.ts';

const SIGKILL = 9;
const SIGCONT = 18;

const SIGNALS: Readonly<Record<SignLetter, number>> = {
  h: 1,
  i: 2,
  q: 3,
  k: SIGKILL,
  '1': 10,
  '2': 12,
  a: 14,
  t: 15,
  c: SIGCONT,
  p: 19,
};

/** The script that is asked before a step is taken; null for none. */
export const letterOf = (step: Step): ScriptLetter | null => {
  if (step.kind === 'start') return 'u';
  return step.kind === 'wake' ? null : step.letter;
};

export const signStep = (letter: SignLetter, pid: number): Step => ({ kind: 'sign', letter, pid });

/** The signal that a step sends, unless vetoed; 0 for none. */
export const signalOf = (step: Step): number => {
  if (step.kind === 'wake') return SIGCONT;
  return step.kind === 'sign' ? SIGNALS[step.letter] : 0;
};

/** TERM, and with it what the want calls for: a stopped process is woken, control/d or control/x told. */
export const stopSteps = ({ pid, want }: Service): readonly Step[] => {
  const term = signStep('t', pid);
  if (want === 'up') return [term];
  return [term, { kind: 'wake', pid }, { kind: 'tell', letter: want === 'exit' ? 'x' : 'd', pid }];
};

const isSame = (one: Step, other: Step): boolean => one.kind === other.kind && letterOf(one) === letterOf(other);

const lastCounts = (step: Step): boolean => step.kind !== 'sign' || step.letter === 'p' || step.letter === 'c';

const withOne = (steps: readonly Step[], added: Step): readonly Step[] => {
  const at = steps.findIndex((step) => isSame(step, added));
  if (at < 0) return [...steps, added];
  return lastCounts(added) ? [...steps.slice(0, at), ...steps.slice(at + 1), added] : steps;
};

/** The queue with `added`, which are all different, behind it, each step once. */
export const queued = (steps: readonly Step[], added: readonly Step[]): readonly Step[] =>
  steps.length === 0 ? added : added.reduce(withOne, steps);

/** What is left of the queue when the process ends that signals were meant for. */
export const withoutSignals = (steps: readonly Step[]): readonly Step[] =>
  steps.length === 0 ? steps : steps.filter((step) => signalOf(step) === 0);

/** The queue when a process has come to be: what came after its start is meant for it. */
export const meantFor = (steps: readonly Step[], pid: number): readonly Step[] =>
  steps.length === 0 ? steps : steps.map((step) => (step.kind === 'start' ? step : { ...step, pid }));
