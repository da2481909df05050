// The options that every suite has, and how a suite adds its own.
//
//   --filter TEXT  only tests with TEXT in their title, in any case; a whole title chooses that test alone
//   --jobs N       so many at a time
//   --list         titles only
//   --share N      every N-th test
//   --seed N       for what is chosen at random; printed at the end of a run
//   --show         also a line for each test that passed, where a suite has thousands, and what it noted
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

export const OPTIONS = {
  filter: { type: 'string', default: '' },
  jobs: { type: 'string' },
  list: { type: 'boolean', default: false },
  share: { type: 'string', default: '1' },
  seed: { type: 'string' },
  show: { type: 'boolean', default: false },
} as const;

export type CommonValues = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

const USAGE = 'options: --filter TEXT --jobs N --list --share N --seed N --show';

const usage = (own: ParseArgsOptionsConfig): string =>
  [USAGE, ...Object.entries(own).map(([name, { type }]) => `--${name}${type === 'string' ? ' VALUE' : ''}`)].join(' ');

/** What is wrong with the command line in one line, then the options; exit code 2. */
const refuse = (message: string, own: ParseArgsOptionsConfig): never => {
  console.error(`${message}\n${usage(own)}`);
  process.exit(2);
};

/** The values of the common options and of a suite's own. */
export const parseOptions = <const T extends ParseArgsOptionsConfig>(own: T) => {
  try {
    return parseArgs<{ options: typeof OPTIONS & T }>({ options: { ...OPTIONS, ...own } }).values;
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : String(cause), own);
  }
};

/** A whole number from `least` on. */
export const wholeNumber = (option: string, text: string, least = 1): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  return refuse(`--${option}: expected a whole number from ${least} on, got '${text}'`, {});
};

/** Of a list of words separated by commas, each of which must be one of `all`; all of them where nothing is said. */
export const oneOrMore = <T extends string>(
  option: string,
  text: string | undefined,
  all: readonly T[],
): readonly T[] => {
  if (text === undefined) return all;
  const words = text.split(',');
  const unknown = words.find((word) => !all.some((one) => one === word));
  if (unknown !== undefined) return refuse(`--${option}: expected of ${all.join(' ')}, got '${unknown}'`, {});
  return all.filter((one) => words.includes(one));
};
