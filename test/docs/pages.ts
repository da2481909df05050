// Every page of the repository, and the blocks that a place has to execute.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXECUTED_PAGES, examplesIn } from './manual.ts';
import { type Block, type Page, parsePage } from './page.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The places, and which suite has them. A block of any other place would never be executed. */
export const PLACES: Readonly<Record<string, 'docs' | 'docker' | 'init' | 'fresh' | 'release'>> = {
  debian: 'docs',
  'c-runit': 'docs',
  web: 'docs',
  pm2: 'docs',
  node: 'docs',
  npm: 'docs',
  bench: 'docs',
  checkout: 'docs',
  man: 'docs',
  operations: 'docs',
  guide: 'docs',
  docker: 'docker',
  init: 'init',
  busybox: 'init',
  sysvinit: 'init',
  systemd: 'init',
  openrc: 'init',
  lxc: 'init',
  fresh: 'fresh',
  release: 'release',
};

const PAGES: readonly string[] = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((path) => path !== 'CHANGELOG.md');

const parsed: readonly Page[] = PAGES.map((path) => parsePage(path, readFileSync(join(ROOT, path), 'utf8')));

const all: readonly Block[] = [
  ...parsed.flatMap(({ blocks }) => blocks),
  ...EXECUTED_PAGES.flatMap((path) => examplesIn(path, readFileSync(join(ROOT, path), 'utf8'))),
];

const unplaced = all
  .filter(({ place }) => place !== '' && !(place in PLACES))
  .map(({ page, line, place }) => `${page}:${line}: no suite has a place '${place}'`);

/** What is wrong with pages as such, one line each. */
export const pageFaults: readonly string[] = [...parsed.flatMap(({ faults }) => faults), ...unplaced];

/** The blocks of a place, page by page. */
export const blocksIn = (place: string): ReadonlyMap<string, readonly Block[]> => {
  const pages = new Map<string, readonly Block[]>();
  for (const block of all) {
    if (block.place === place) pages.set(block.page, [...(pages.get(block.page) ?? []), block]);
  }
  return pages;
};
