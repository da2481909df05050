// Which supervision a suite plays with: `--supervision NAME`.
//
//   plain        the programs as they are
//   one-process  every runsvdir has --one-process, and `runsv DIR` is such a runsvdir on a scan directory with one link
//   scanned      the same scan directory with one link, without the option: what that alone changes
//
// Promises: whatever starts `runsvdir` or `runsv` from the directory of programs meets the stand-in, without a word in the case.
// Read next: stand-in.c.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { oneOrMore } from './options.ts';

export const SUPERVISIONS = ['plain', 'one-process', 'scanned'] as const;
export type Supervision = (typeof SUPERVISIONS)[number];

export const SUPERVISION = { supervision: { type: 'string', default: 'plain' } } as const;

export const supervisionOf = (text: string): Supervision => oneOrMore('supervision', text, SUPERVISIONS)[0] ?? 'plain';

const SOURCE = join(import.meta.dirname, 'stand-in.c');
const OUT = join(import.meta.dirname, '../../out');
const FLAGS = ['-O1', '-static', '-Wall', '-Wextra'];

/** The stand-in for a supervision, built when its source is newer. */
const built = (supervision: Supervision): string => {
  const path = join(OUT, `stand-in-${supervision}`);
  if (existsSync(path) && statSync(path).mtimeMs >= statSync(SOURCE).mtimeMs) return path;
  mkdirSync(OUT, { recursive: true });
  const holds = `-DHOLDS=${Number(supervision === 'one-process')}`;
  execFileSync(process.env['CC'] ?? 'cc', [...FLAGS, holds, '-o', path, SOURCE], { stdio: 'inherit' });
  return path;
};

/** Puts the stand-in in the place of the two supervisors in `bin`, which has `runitbox` as well. */
export const standIn = (supervision: Supervision, bin: string): void => {
  if (supervision === 'plain') return;
  for (const name of ['runsvdir', 'runsv']) {
    rmSync(join(bin, name), { force: true });
    copyFileSync(built(supervision), join(bin, name));
  }
};
