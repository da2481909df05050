// New inputs from old ones.
import type { Random } from '../sim/random.ts';

const NUMBERS = ['0', '1', '-1', '9', '10', '255', '256', '65535', '65536', '2147483647', '2147483648', '4294967294'];
const LARGE = [
  '4294967295',
  '4294967296',
  '9007199254740993',
  '18446744073709551615',
  '18446744073709551616',
  '00',
  '+5',
];
const BYTES = [
  '\0',
  '\n',
  '\r',
  ' ',
  '\t',
  ':',
  '=',
  ',',
  '/',
  '\x7f',
  '\x80',
  '\xff',
  '\x1b',
  '.',
  '-',
  '@',
  '"',
  '{',
];

export interface Stock {
  readonly inputs: readonly string[];
  readonly words: readonly string[];
}

const splice = (text: string, at: number, remove: number, put: string): string =>
  text.slice(0, at) + put + text.slice(at + remove);

const byte = (random: Random): string => String.fromCharCode(random.int(256));

const piece = (random: Random, { inputs, words }: Stock): string => {
  switch (random.int(5)) {
    case 0:
      return words.length === 0 ? byte(random) : random.pick(words);
    case 1:
      return random.pick(random.chance(0.5) ? NUMBERS : LARGE);
    case 2:
      return random.pick(BYTES).repeat(random.chance(0.1) ? random.between(2, 300) : 1);
    case 3: {
      const other = random.pick(inputs);
      const at = random.int(other.length + 1);
      return other.slice(at, at + random.int(40));
    }
    default:
      return byte(random);
  }
};

const step = (random: Random, stock: Stock, text: string): string => {
  const at = random.int(text.length + 1);
  const length = random.int(Math.min(16, text.length - at) + 1);
  switch (random.int(6)) {
    case 0:
      return splice(text, at, 0, piece(random, stock));
    case 1:
      return splice(text, at, length, piece(random, stock));
    case 2:
      return splice(text, at, length, '');
    case 3: {
      const code = text.charCodeAt(at);
      return Number.isNaN(code) ? text : splice(text, at, 1, String.fromCharCode(code ^ (1 << random.int(8))));
    }
    case 4:
      return splice(text, at, 0, text.slice(at, at + random.int(64)));
    default:
      return splice(text, at, text.length, random.pick(stock.inputs).slice(at));
  }
};

/** A new input, at most `longest` bytes. */
export const mutated = (random: Random, stock: Stock, longest: number): string => {
  let text = random.pick(stock.inputs);
  for (let steps = 1 + random.int(6); steps > 0; steps--) text = step(random, stock, text);
  return text.slice(0, longest);
};
