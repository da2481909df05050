// The steps of commands that wait while a control script is at work.
//
// Promises: the queue is bounded, whatever is sent. Signals that wait are kept as the kernel keeps pending ones: each
// once. p, c and what d and x add to TERM take the place of their last arrival, as there the last word counts; any
// other signal keeps the place of its first.
// Pure and total. Read first: model.ts. Read next: table.ts (who takes them).
import { SIGCONT } from '../../abi/signals.ts';
import { control, controlNames } from '../../formats/control.ts';
import type { ScriptLetter, Service, SignLetter, Step } from './model.ts';

const SIGNALS = {} as Record<SignLetter, number>;
for (const name of controlNames) {
  const row = control[name];
  if (row.signal !== null) SIGNALS[row.byte] = row.signal;
}

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

/** The queue with `added` behind it, each step once. */
export const queued = (steps: readonly Step[], added: readonly Step[]): readonly Step[] => added.reduce(withOne, steps);

/** What is left of the queue when the process ends that signals were meant for. */
export const withoutSignals = (steps: readonly Step[]): readonly Step[] => steps.filter((step) => signalOf(step) === 0);

/** The queue when a process has come to be: what came after its start is meant for it. */
export const meantFor = (steps: readonly Step[], pid: number): readonly Step[] =>
  steps.map((step) => (step.kind === 'start' ? step : { ...step, pid }));
