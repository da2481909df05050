// Directories for the supervisors to work in: service directories, and a scan directory of links to them.
//
// Promises: all mtimes lie well in the past, as they do on a machine that boots; C runit waits a second on a directory
// changed just now, and that wait is not what is measured here. Read next: keeper.ts.
import { copyFileSync, linkSync, mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Tools } from './programs.ts';

const LONG_AGO_S = 100;

export interface World {
  readonly dir: string;
  /** The service directories. */
  readonly services: string;
  /** What runsvdir is given. */
  readonly scan: string;
  readonly names: readonly string[];
}

const age = (path: string): void => {
  const past = Date.now() / 1000 - LONG_AGO_S;
  utimesSync(path, past, past);
};

const makeService = (base: string, dir: string, log: boolean): void => {
  mkdirSync(dir);
  linkSync(join(base, 'service'), join(dir, 'run'));
  if (log) {
    mkdirSync(join(dir, 'log'));
    linkSync(join(base, 'reader'), join(dir, 'log/run'));
    age(join(dir, 'log'));
  }
  age(dir);
};

/** What ./run of every service is. */
export type Run = 'service' | 'tidy';

/** `count` services in `dir`, the first `linked` of them in the scan directory. */
export const makeWorld = (
  tools: Tools,
  dir: string,
  count: number,
  log = false,
  linked = count,
  run: Run = 'service',
): World => {
  const names = Array.from({ length: count }, (_, i) => `s${String(i).padStart(5, '0')}`);
  const world: World = { dir, services: join(dir, 'sv'), scan: join(dir, 'scan'), names };
  mkdirSync(world.services, { recursive: true });
  mkdirSync(world.scan);
  copyFileSync(tools[run], join(dir, 'service'));
  copyFileSync(tools.reader, join(dir, 'reader'));
  for (const name of names) makeService(dir, join(world.services, name), log);
  for (const name of names.slice(0, linked)) symlinkSync(join(world.services, name), join(world.scan, name));
  age(world.scan);
  return world;
};
