// What a supervisor leaves behind about a service of a tree: its state.json, its history, and the runsv itself.
//
// Read next: tree.ts.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from '../lib/proc.ts';
import { until } from '../lib/wait.ts';
import type { Tree } from './tree.ts';

export const has = (tree: Tree, path: string): boolean => existsSync(join(tree.scan, path));
export const textOf = (tree: Tree, path: string): string =>
  has(tree, path) ? readFileSync(join(tree.scan, path), 'latin1') : '';

export type Members = Readonly<Record<string, unknown>>;

export const stateOf = (tree: Tree, service: string): Members => {
  const text = textOf(tree, `${service}/supervise/state.json`);
  return text === '' ? {} : JSON.parse(text);
};

export const historyOf = (tree: Tree, service: string): readonly Members[] =>
  textOf(tree, `${service}/supervise/history.jsonl`)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

export const eventsOf = (tree: Tree, service: string): readonly unknown[] =>
  historyOf(tree, service).map(({ event }) => event);

const inProc = (read: () => string): string => {
  try {
    return read();
  } catch {
    return '';
  }
};

/** The process number of the runsv of a service; 0: none. */
export const runsvOf = (tree: Tree, service: string): number => {
  const isIt = (pid: string): boolean =>
    inProc(() => readFileSync(`/proc/${pid}/comm`, 'latin1')) === 'runsv\n' &&
    inProc(() => readlinkSync(`/proc/${pid}/cwd`)) === join(tree.scan, service);
  return Number(readdirSync('/proc').find((name) => /^\d+$/.test(name) && isIt(name)) ?? 0);
};

/** Kills the runsv of a service, and waits for the next one. */
export const replaceRunsv = async (tree: Tree, service: string): Promise<void> => {
  const first = runsvOf(tree, service);
  kill(first, 'SIGKILL');
  await until('another runsv', () => ![0, first].includes(runsvOf(tree, service)));
};

export const isReady = (tree: Tree, service: string): Promise<unknown> =>
  until(`${service} to be ready`, () => stateOf(tree, service)['ready'] === true);
