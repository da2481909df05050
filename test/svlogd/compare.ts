// Judging a batch: what C left behind, and what the one under test did.
//
// Promises: equal to the byte, but for what differences.ts names; there the reference is C given the input that makes it
// behave as promised. Read next: differences.ts.
import type { Batch, LogDir, Seen, Side } from './model.ts';
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

/** svlogd-lowered-n: the old files that are more than config says, which ours removes at the start. */
const surplusOf = ({ config, found }: LogDir): readonly string[] => {
  const keep = Number([...(config ?? '').matchAll(/^n(\d+)/gm)].at(-1)?.[1] ?? 0);
  const old = Object.keys(found ?? {}).filter((name) => name.length === 27 && name.startsWith('@'));
  return [/[^ut]$/, /u$/].flatMap((kind) => {
    const some = old.filter((name) => kind.test(name)).sort();
    return keep === 0 ? [] : some.slice(0, Math.max(0, some.length - keep));
  });
};

const withoutSurplus = (dir: LogDir): LogDir => {
  const gone = new Set(surplusOf(dir));
  if (gone.size === 0) return dir;
  return { ...dir, found: Object.fromEntries(Object.entries(dir.found ?? {}).filter(([name]) => !gone.has(name))) };
};

const mended = (batch: Batch): Batch => ({
  ...batch,
  input: withNewline(batch.input),
  dirs: batch.dirs.map((dir) => (dir.config === null ? dir : { ...withoutSurplus(dir), config: withFile(dir.config) })),
});

/** svlogd-block-order: where several directories select for standard error, the lines are compared, not their order. */
const inAnyOrder = (batch: Batch, seen: Seen): Map<string, string> => {
  const selecting = batch.dirs.filter(({ config }) => /^e/m.test(config ?? '')).length;
  const sorted = (text: string): string => text.split('\n').sort().join('\n');
  return new Map([...seen].map(([key, text]) => [key, key === 'stderr' && selecting > 1 ? sorted(text) : text]));
};

/** svlogd-config-told: what ours says of lines of a config that C takes without a word. */
const TOLD = /^svlogd: warning: .*\/config: (line \d+: .*|carriage returns .*|\d+ more lines .*)\n/gm;

/** Without the first so many lines that tell of a deleted file. */
const withoutDeletes = (text: string, count: number): string => {
  let left = count;
  return text.replace(/^svlogd: info: delete: .*\n/gm, (line) => (left-- > 0 ? '' : line));
};

const withoutWords = (batch: Batch, seen: Seen): Map<string, string> => {
  const left = (key: string, text: string): string => {
    const dir = batch.dirs.find(({ name }) => key === `messages ${name}`);
    return withoutDeletes(text.replace(TOLD, ''), dir === undefined ? 0 : surplusOf(dir).length);
  };
  const notes = [...seen].map(([key, text]) => [key, key.startsWith('messages') ? left(key, text) : text] as const);
  return new Map(notes.filter(([key, text]) => !key.startsWith('messages') || text !== ''));
};

export const compareBatch = async (sides: Sides, batch: Batch, place: Place): Promise<readonly string[]> => {
  const wanted = inAnyOrder(batch, await play(sides.c, sides.self ? batch : mended(batch), place));
  const got = withoutWords(batch, inAnyOrder(batch, await play(sides.ours, batch, place)));
  // the config itself, which nobody writes to, may have been another
  for (const [key, text] of got) if (key.endsWith('/config')) wanted.set(key, text);
  return mismatches(wanted, got);
};
