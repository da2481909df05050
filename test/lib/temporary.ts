// Directories that a test makes and that go with it.
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory that every user can reach: some cases play as one who owns nothing. */
export const makeTemporary = (suite: string, parent = tmpdir()): string => {
  const dir = mkdtempSync(join(parent, `runitbox-${suite}-`));
  chmodSync(dir, 0o755);
  return dir;
};

/** The same in memory, where the machine has a place for that. */
export const makeInMemory = (suite: string): string => {
  try {
    return makeTemporary(suite, '/dev/shm');
  } catch {
    return makeTemporary(suite);
  }
};

/** A copy of the executable under each name, in `dir`: a build in between changes nothing. */
export const linkPrograms = (dir: string, executable: string, names: readonly string[]): void => {
  mkdirSync(dir, { recursive: true });
  copyFileSync(executable, join(dir, 'runitbox'));
  for (const name of names) symlinkSync('runitbox', join(dir, name));
};
