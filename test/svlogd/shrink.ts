// Makes a failing batch small: takes away what it fails without.
//
// Promises: every step still fails; ends after a bounded number of attempts, and of minutes. Read next: property.ts.
import type { Batch, LogDir } from './model.ts';

const ATTEMPTS = 400;
/** After so long the failure is told as it is. */
const SHRINK_MS = 60_000;

const without = <T>(list: readonly T[], at: number): readonly T[] => [...list.slice(0, at), ...list.slice(at + 1)];

const halves = (text: string): readonly string[] =>
  text.length < 2
    ? ['']
    : [text.slice(0, text.length >> 1), text.slice(text.length >> 1), text.slice(1), text.slice(0, -1)];

function* smallerInputs(input: string): Generator<string> {
  const lines = input.split(/(?<=\n)/);
  for (let span = lines.length >> 1; span >= 1; span >>= 1)
    for (let at = 0; at < lines.length; at += span) yield [...lines.slice(0, at), ...lines.slice(at + span)].join('');
  for (const [at, line] of lines.entries())
    for (const text of halves(line.trimEnd()))
      yield [...lines.slice(0, at), text + (line.endsWith('\n') ? '\n' : ''), ...lines.slice(at + 1)].join('');
}

function* smallerDirs(dir: LogDir): Generator<LogDir> {
  const { found, ...rest } = dir;
  if (found !== undefined && Object.keys(found).length > 0) {
    yield rest;
    for (const name of Object.keys(found)) {
      const { [name]: _, ...others } = found;
      yield { ...rest, found: others };
    }
  }
  if (dir.config === null) return;
  yield { ...dir, config: null };
  const lines = dir.config.split(/(?<=\n)/);
  for (const at of lines.keys()) yield { ...dir, config: without(lines, at).join('') };
}

function* smaller(batch: Batch): Generator<Batch> {
  if (batch.dirs.length > 1) for (const at of batch.dirs.keys()) yield { ...batch, dirs: without(batch.dirs, at) };
  for (const at of batch.options.keys()) {
    yield { ...batch, options: without(batch.options, at) };
    if (batch.options[at] === '-l') yield { ...batch, options: without(without(batch.options, at), at) };
  }
  for (const input of smallerInputs(batch.input)) yield { ...batch, input };
  for (const [at, dir] of batch.dirs.entries())
    for (const one of smallerDirs(dir)) yield { ...batch, dirs: batch.dirs.map((each, i) => (i === at ? one : each)) };
}

const weight = (batch: Batch): number => JSON.stringify(batch).length;

/** The smallest batch found for which `fails` holds; `batch` itself is known to fail. */
export const shrink = async (batch: Batch, fails: (smaller: Batch) => Promise<boolean>): Promise<Batch> => {
  let best = batch;
  let attempts = 0;
  const endMs = performance.now() + SHRINK_MS;
  const improve = async (): Promise<boolean> => {
    for (const candidate of smaller(best)) {
      if (++attempts > ATTEMPTS || performance.now() > endMs) return false;
      if (weight(candidate) >= weight(best) || !(await fails(candidate))) continue;
      best = candidate;
      return true;
    }
    return false;
  };
  while (await improve());
  return best;
};
