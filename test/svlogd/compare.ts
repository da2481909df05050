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
  const keep = Number([...(config ?? '').matchAll(/^n(\d*)/gm)].at(-1)?.[1] ?? 0);
  const old = Object.keys(found ?? {}).filter((name) => name.length === 27 && name.startsWith('@'));
  const current = found?.['current'];
  // a current that a crash left becomes the newest .u
  const left = current !== undefined && current.text !== '' && (current.mode & 0o100) === 0 ? 1 : 0;
  const surplus = (kind: RegExp, more: number): readonly string[] => {
    const some = old.filter((name) => kind.test(name)).sort();
    return keep === 0 ? [] : some.slice(0, Math.max(0, some.length + more - keep));
  };
  return [...surplus(/[^ut]$/, 0), ...surplus(/u$/, left)];
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
const TOLD = /^svlogd: warning: .*\/config: (?:line (\d+): .*|(carriage returns) .*|(\d+) more lines .*)\n/gm;

/** A line of which there is nothing to say. Numbers of more digits may be too large. */
const FINE = /^$|^#|^[-+eE][^\0\r]*$|^s\d{1,12}[km]?$|^t\d{1,12}[mh]?$|^[nN]\d{1,12}$|^[!p][^\0\r]+$|^[uU][^\0\r]*$/;

/** Without what ours says of lines that deserve it: what it says of others is compared. */
const withoutTold = (text: string, config: string): string => {
  const odd = config.split('\n').map((line) => !FINE.test(line));
  const deserved = (line?: string, returns?: string, more?: string): boolean => {
    if (line !== undefined) return odd[Number(line) - 1] === true;
    if (returns !== undefined) return config.includes('\r');
    return odd.filter((one) => one).length >= Number(more);
  };
  return text.replace(TOLD, (told, line, returns, more) => (deserved(line, returns, more) ? '' : told));
};

/** Without the first so many lines that tell of a deleted file. */
const withoutDeletes = (text: string, count: number): string => {
  let left = count;
  return text.replace(/^svlogd: info: delete: .*\n/gm, (line) => (left-- > 0 ? '' : line));
};

const withoutWords = (batch: Batch, seen: Seen): Map<string, string> => {
  const left = (key: string, text: string): string => {
    const dir = batch.dirs.find(({ name }) => key === `messages ${name}`);
    return dir === undefined ? text : withoutDeletes(withoutTold(text, dir.config ?? ''), surplusOf(dir).length);
  };
  const notes = [...seen].map(([key, text]) => [key, key.startsWith('messages') ? left(key, text) : text] as const);
  return new Map(notes.filter(([key, text]) => !key.startsWith('messages') || text !== ''));
};

/** C may have had another config, which it left as it was; so must ours leave the one it had. */
const withOwnConfigs = (batch: Batch, notes: Map<string, string>): Map<string, string> => {
  for (const { name, config } of batch.dirs) {
    const key = `${name}/config`;
    const mode = notes.get(key)?.split(' ')[0];
    if (mode !== undefined) notes.set(key, `${mode} ${JSON.stringify(config)}`);
  }
  return notes;
};

export const compareBatch = async (sides: Sides, batch: Batch, place: Place): Promise<readonly string[]> => {
  const c = await play(sides.c, sides.self ? batch : mended(batch), place);
  // what does not get to its directories removes nothing there
  const reference = c.get('end') === 'exit 0' ? c : await play(sides.c, batch, place);
  const wanted = withOwnConfigs(batch, inAnyOrder(batch, reference));
  const got = withoutWords(batch, inAnyOrder(batch, await play(sides.ours, batch, place)));
  return mismatches(wanted, got);
};
