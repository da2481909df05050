// Random batches: options, configs, patterns and inputs, from a seed.
//
// Promises: the same number gives the same batch. Small sizes, so that lines are cut, files rotated and pruned all the
// time; lines whose selection hangs on bytes behind their end (patterns.ts) are left out. Read next: property.ts.
import { Random } from '../sim/random.ts';
import type { Batch, Found, LogDir } from './model.ts';
import { looksBehind, PATTERNS } from './patterns.ts';

const chars = (random: Random, alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[random.int(alphabet.length)]).join('');

const bytes = (random: Random, length: number): string =>
  Array.from({ length }, () => String.fromCharCode(random.int(256))).join('');

const someOf = <T>(random: Random, probability: number, make: () => T): readonly T[] =>
  random.chance(probability) ? [make()] : [];

const lengthOption = (random: Random): readonly string[] => {
  if (!random.chance(0.5)) return [];
  return ['-l', random.chance(0.1) ? random.pick(['0', 'x', '', '1x', '1023', '1024']) : String(random.between(1, 60))];
};

const optionsOf = (random: Random): readonly string[] => [
  ...someOf(random, 0.4, () => random.pick(['-t', '-tt', '-ttt', '-tttt', '-tv', '-vt'])),
  ...someOf(random, 0.2, () => '-v'),
  ...someOf(random, 0.25, () => random.pick(['-r_', '-r.', '-rx', '-ra'])),
  ...someOf(random, 0.2, () => `-R${random.pick(['a', 'ab', 'abc*', ' ', '_'])}`),
  ...lengthOption(random),
  ...someOf(random, 0.2, () => `-b${random.pick([30, 64, 100, 1500, 4096, 9000])}`),
  ...someOf(random, 0.02, () => random.pick(['-x', '-rab', '-r', '-V', '--', '-', '-b', '-b1'])),
];

const pattern = (random: Random): string =>
  random.chance(0.6) ? random.pick(PATTERNS) : chars(random, 'aabb*+ x', random.between(0, 6));

const size = (random: Random): string =>
  random.pick([
    () => String(random.between(1, 40)),
    () => String(random.between(20, 400)),
    () => String(random.between(900, 3000)),
    () => random.pick(['0', '', 'x', ' 5', '1k', '1m', '1g', '007', '5x', '+5', '-5', '18446744073709551616']),
  ])();

const configLine = (random: Random): string =>
  random.pick([
    () => `s${size(random)}`,
    () => `s${size(random)}`,
    () => `n${random.pick(['0', '1', '2', '3', '5', '12', 'x', ''])}`,
    () => `N${random.pick(['0', '1', '2', '5', 'x'])}`,
    () => `t${random.pick(['0', '', '1h', '60m', '999x'])}`,
    () => `p${random.pick(['', 'P', 'pre: ', ' ', 'a', '\xff', 'p'.repeat(30)])}`,
    () => random.pick(['', '#s1', ' s1', 'zz', '\t', 'S5', 'x', '=', '\x00', 's']),
    () => `-${pattern(random)}`,
    () => `+${pattern(random)}`,
    () => `e${pattern(random)}`,
    () => `E${pattern(random)}`,
  ])();

const configOf = (random: Random): string | null => {
  if (random.chance(0.1)) return null;
  const lines = Array.from({ length: random.int(7) }, () => configLine(random));
  return `${lines.join('\n')}${random.chance(0.9) ? '\n' : ''}`;
};

/** Names below those of any run, in the order of their numbers. */
const oldName = (n: number, kind: string): string => `@4000000030${n.toString(16).padStart(14, '0')}.${kind}`;

const foundOf = (random: Random): Record<string, Found> => {
  const found: Record<string, Found> = {};
  if (random.chance(0.3))
    found['current'] = {
      text: random.chance(0.2) ? '' : chars(random, 'ab\n', random.between(1, 60)),
      mode: random.pick([0o644, 0o744, 0o600, 0o755, 0o640]),
    };
  for (let n = random.chance(0.2) ? random.between(1, 14) : 0; n > 0; n--)
    found[oldName(n, random.pick(['s', 's', 's', 'u', 't']))] = { text: `old ${n}\n`, mode: 0o744 };
  if (random.chance(0.05))
    found[random.pick(['@', '@short.s', 'state', 'newstate', 'other'])] = { text: 'x', mode: 0o644 };
  return found;
};

const lineOf = (random: Random): string =>
  random.pick([
    () => chars(random, 'ab', random.int(8)),
    () => chars(random, 'ab', random.int(8)),
    () => chars(random, 'aabb*+ x', random.int(20)),
    () => chars(random, 'ab ', random.int(150)),
    () => bytes(random, random.int(30)).replaceAll('\n', '\r'),
    () => '',
    () => (random.chance(0.2) ? chars(random, 'ab', random.between(900, 2200)) : 'info: pid 7 from a'),
    () => (random.chance(0.05) ? chars(random, 'ab', random.between(7900, 8200)) : 'debug: b'),
  ])();

const LENGTH_DEFAULT = 1000;

/** What -l makes of the options: the length up to which lines are looked at. */
const lookedAt = (options: readonly string[]): number => {
  const at = options.indexOf('-l');
  const value = at < 0 ? '' : (options[at + 1] ?? '');
  const digits = /^\d*/.exec(value)?.[0] ?? '';
  return Number(digits) || LENGTH_DEFAULT;
};

/** What -r and -R make of a text: all that matching sees. */
const replaced = (options: readonly string[], text: string): string => {
  const by = options.find((word) => word.startsWith('-r'))?.[2];
  const set = options.find((word) => word.startsWith('-R'))?.slice(2);
  if (by === undefined && set === undefined) return text;
  const change = (one: string): boolean => one < ' ' || one > '~' || (set ?? '').includes(one);
  return [...text].map((one) => (change(one) ? (by ?? '_') : one)).join('');
};

const patternsOf = (dirs: readonly LogDir[]): readonly string[] =>
  dirs.flatMap(({ config }) =>
    (config ?? '')
      .split('\n')
      .filter((line) => /^[-+eE]/.test(line))
      .map((line) => line.slice(1)),
  );

/** Without the lines whose selection hangs on what stands behind them. */
export const decided = (batch: Batch): Batch => {
  const patterns = patternsOf(batch.dirs);
  const length = lookedAt(batch.options);
  const fits = (line: string): boolean => {
    const text = replaced(batch.options, line.slice(0, length));
    return !patterns.some((one) => looksBehind(one, text));
  };
  const lines = batch.input.split('\n');
  const last = lines.pop() ?? '';
  const kept = lines.filter(fits).map((line) => `${line}\n`);
  return { ...batch, input: kept.join('') + (last !== '' && fits(last) ? last : '') };
};

const dirOf = (random: Random, name: string): LogDir => {
  const kind = random.chance(0.04) ? random.pick(['missing', 'a file'] as const) : null;
  const config = configOf(random);
  const found = foundOf(random);
  return kind === null ? { name, config, found } : { name: 'g', config: null, kind };
};

/** The batch of one number. */
export const batchOf = (seed: number): Batch => {
  const random = new Random(seed);
  const options = optionsOf(random);
  const names = ['d', 'e/', './f'].slice(0, random.chance(0.75) ? 1 : random.between(1, 3));
  const dirs = names.map((name) => dirOf(random, name));
  const count = random.chance(0.1) ? 0 : random.between(1, 25);
  const lines = Array.from({ length: count }, () => lineOf(random));
  const input = lines.join('\n') + (count > 0 && random.chance(0.8) ? '\n' : '');
  // told of a directory that it cannot open, C prints whatever a pointer points at if -v is given
  const sound = dirs.some(({ kind }) => kind !== undefined) ? options.map((word) => word.replace('v', '')) : options;
  return decided({
    options: sound.filter((word) => word !== '-'),
    dirs,
    input: input.slice(0, 50_000),
    stdin: random.chance(0.5) ? 'pipe' : 'file',
  });
};
