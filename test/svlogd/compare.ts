// Judging a batch: what C left behind, and what the one under test did.
//
// Promises: equal to the byte, but for what differences.ts names; there the reference is C given the input that makes it
// behave as promised. Read next: differences.ts.
import type { Batch, Seen, Side } from './model.ts';
import { type Place, play } from './play.ts';

export interface Sides {
  readonly c: Side;
  readonly ours: Side;
  /** Whether `ours` is C as well, and no difference is expected. */
  readonly self: boolean;
}

const TEXT_MAX = 600;

const short = (text: string | undefined): string => {
  if (text === undefined) return '(nothing)';
  const line = text.trimEnd().replaceAll('\n', '\n            ');
  return line.length <= TEXT_MAX ? line : `${line.slice(0, TEXT_MAX)}... (${line.length} characters)`;
};

/** The notes on which two runs differ. */
export const mismatches = (wanted: Seen, got: Seen): readonly string[] =>
  [...new Set([...wanted.keys(), ...got.keys()])]
    .filter((key) => wanted.get(key) !== got.get(key))
    .map((key) => `${key}\n  expected: ${short(wanted.get(key))}\n  got:      ${short(got.get(key))}`);

/** svlogd-last-partial-line: ours does with a last line without newline what C does with one that has it. */
const withNewline = (input: string): string => (input === '' || input.endsWith('\n') ? input : `${input}\n`);

/** svlogd-udp-bad-address: ours does with a U that has no address what C does with such a u. */
const withFile = (config: string): string => config.replace(/^U(?!\d+\.\d+\.\d+\.\d+(:\d+)?$)/gm, 'u');

const mended = (batch: Batch): Batch => ({
  ...batch,
  input: withNewline(batch.input),
  dirs: batch.dirs.map((dir) => (dir.config === null ? dir : { ...dir, config: withFile(dir.config) })),
});

/** svlogd-block-order: where several directories select for standard error, the lines are compared, not their order. */
const inAnyOrder = (batch: Batch, seen: Seen): Map<string, string> => {
  const selecting = batch.dirs.filter(({ config }) => /^e/m.test(config ?? '')).length;
  const sorted = (text: string): string => text.split('\n').sort().join('\n');
  return new Map([...seen].map(([key, text]) => [key, key === 'stderr' && selecting > 1 ? sorted(text) : text]));
};

export const compareBatch = async (sides: Sides, batch: Batch, place: Place): Promise<readonly string[]> => {
  const wanted = inAnyOrder(batch, await play(sides.c, sides.self ? batch : mended(batch), place));
  const got = inAnyOrder(batch, await play(sides.ours, batch, place));
  // the config itself, which nobody writes to, may have been another
  for (const [key, text] of got) if (key.endsWith('/config')) wanted.set(key, text);
  return mismatches(wanted, got);
};
