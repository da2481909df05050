// The packages that apt has downloaded, for one machine: its own directory, so that several machines may install at a time,
// with links to what earlier ones downloaded. What is new is kept for later ones.
import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './bases.ts';

const ALL = join(CACHE, 'archives');

const link = (from: string, to: string): void => {
  for (const name of readdirSync(from).filter((one) => one.endsWith('.deb'))) {
    try {
      linkSync(join(from, name), join(to, name));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    }
  }
};

export class Archives {
  readonly dir: string;
  readonly #kept: string;

  /** `label` is of this machine alone. */
  constructor(codename: string, label: string) {
    this.dir = join(ALL, label);
    this.#kept = join(CACHE, `debs-${codename}`);
    rmSync(this.dir, { recursive: true, force: true });
    for (const each of [this.#kept, join(this.dir, 'partial')]) mkdirSync(each, { recursive: true });
    link(this.#kept, this.dir);
  }

  close(): void {
    link(this.dir, this.#kept);
    rmSync(this.dir, { recursive: true });
  }
}
