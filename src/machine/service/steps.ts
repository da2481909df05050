// The queue of command steps that wait while a control script runs.
//
// Promises: the queue is bounded, whatever arrives. It keeps each signal once, as the kernel does with pending signals. p, c and
// what d and x add to TERM move to the place of their last arrival, because the last one counts; any other signal keeps its
// first place.
// Pure and total. Read first: model.ts. Read next: table.ts (who takes them).
import { SIGCONT } from '../../abi/signals.ts';
import { control, controlNames } from '../../formats/control.ts';
import { pidOf, type ScriptLetter, type Service, type SignalLetter, type CommandStep } from './model.ts';

const SIGNALS = {} as Record<SignalLetter, number>;
for (const name of controlNames) {
  const row = control[name];
  if (row.signal !== null) SIGNALS[row.byte] = row.signal;
}

/** The script that runs before a step is taken; null: none. */
export const letterOf = (step: CommandStep): ScriptLetter | null => {
  if (step.kind === 'start') return 'u';
  return step.kind === 'continue' ? null : step.letter;
};

export const signalStep = (letter: SignalLetter, pid: number): CommandStep => ({ kind: 'signal', letter, pid });

/** The signal that a step sends unless vetoed; 0: none. */
export const signalOf = (step: CommandStep): number => {
  if (step.kind === 'continue') return SIGCONT;
  return step.kind === 'signal' ? SIGNALS[step.letter] : 0;
};

/** TERM and, unless the service is wanted up, CONT for a stopped process and the script control/d or control/x. */
export const stopSteps = (service: Service): readonly CommandStep[] => {
  const { want } = service;
  const pid = pidOf(service);
  if (want === 'up') return [signalStep('t', pid)];
  return [...endingSteps(service), { kind: 'notify', letter: want === 'exit' ? 'x' : 'd', pid }];
};

/** TERM and CONT, whatever is wanted next. */
export const endingSteps = (service: Service): readonly CommandStep[] => {
  const pid = pidOf(service);
  return [signalStep('t', pid), { kind: 'continue', pid }];
};

const isSame = (one: CommandStep, other: CommandStep): boolean =>
  one.kind === other.kind && letterOf(one) === letterOf(other);

const lastCounts = (step: CommandStep): boolean => step.kind !== 'signal' || step.letter === 'p' || step.letter === 'c';

const withOne = (steps: readonly CommandStep[], added: CommandStep): readonly CommandStep[] => {
  const at = steps.findIndex((step) => isSame(step, added));
  if (at < 0) return [...steps, added];
  return lastCounts(added) ? [...steps.slice(0, at), ...steps.slice(at + 1), added] : steps;
};

/** The queue with `added` appended, each step once. The steps of `added` are all different. */
export const queued = (steps: readonly CommandStep[], added: readonly CommandStep[]): readonly CommandStep[] =>
  steps.length === 0 ? added : added.reduce(withOne, steps);

/** The queue without signals: the process that they were for has ended. */
export const withoutSignals = (steps: readonly CommandStep[]): readonly CommandStep[] =>
  steps.length === 0 ? steps : steps.filter((step) => signalOf(step) === 0);

/** The queue once a process has started: the steps behind its start are for it. */
export const meantFor = (steps: readonly CommandStep[], pid: number): readonly CommandStep[] =>
  steps.length === 0 ? steps : steps.map((step) => (step.kind === 'start' ? step : { ...step, pid }));
