// The inputs that are kept: corpus/NAME.txt, one JSON string a line, each character a byte.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MOST_KEPT = 40;
const MOST_BYTES = 300;

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`corpus/${name.replaceAll(' ', '-')}.txt`, import.meta.url));

export const corpusOf = (name: string): readonly string[] => {
  const path = pathOf(name);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as string);
};

/** Adds inputs, as far as they are short and there is room. */
export const keep = (name: string, found: readonly string[]): void => {
  const all = [...new Set([...corpusOf(name), ...found.filter(({ length }) => length <= MOST_BYTES)])].slice(
    0,
    MOST_KEPT,
  );
  if (all.length === 0) return;
  mkdirSync(fileURLToPath(new URL('corpus', import.meta.url)), { recursive: true });
  writeFileSync(pathOf(name), all.map((input) => `${JSON.stringify(input)}\n`).join(''));
};
