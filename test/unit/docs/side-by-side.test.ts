// The comparison of docs/migrate/s6-overlay.md: its numbers are those of the files.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PAGE = readFileSync('docs/migrate/s6-overlay.md', 'utf8');

const filesBelow = (path: string): readonly string[] =>
  lstatSync(path).isDirectory() ? readdirSync(path).flatMap((name) => filesBelow(join(path, name))) : [path];

const linesIn = (path: string): number => readFileSync(path, 'utf8').split('\n').length - 1;

const figures = (...paths: readonly string[]): Readonly<Record<string, number>> => {
  const files = paths.flatMap(filesBelow);
  return {
    files: files.length,
    lines: files.reduce((sum, path) => sum + linesIn(path), 0),
    'of these files with one line or none': files.filter((path) => linesIn(path) <= 1).length,
  };
};

const OURS = figures(...['Dockerfile', 'service', 'sv'].map((name) => join('docker/examples/stack', name)));
const THEIRS = figures('docs/migrate/s6-overlay');

describe('the comparison with s6-overlay', () => {
  it.each(Object.keys(OURS))('counts %s', (what) => {
    expect(PAGE).toContain(`| ${what} | ${OURS[what]} | ${THEIRS[what]} |\n`);
  });

  it('does the same on both sides', () => {
    const migration = (path: string): string => readFileSync(path, 'utf8').replace(/^(#!.*\n(set -e\n)?)/, '');
    expect(migration('docs/migrate/s6-overlay/scripts/migrate')).toBe(
      migration('docker/examples/stack/service/migrate/run'),
    );
  });
});
