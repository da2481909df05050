// Where the measured supervisors work: in memory, as supervise/ under /run does, so that no disk has a say.
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TMPFS = 0x01021994;
const ROOM = 256 * 2 ** 20;
const PREFIX = 'runitbox-bench-';

const isTmpfs = (dir: string): boolean => statfsSync(dir).type === TMPFS;

/** Some are mounted noexec. */
const executes = (dir: string): boolean => {
  const file = join(dir, 'probe');
  writeFileSync(file, '#!/bin/sh\nexit 0\n');
  chmodSync(file, 0o755);
  return spawnSync(file).status === 0;
};

const tryIn = (parent: string): string | null => {
  try {
    const { bavail, bsize } = statfsSync(parent);
    if (!isTmpfs(parent) || bavail * bsize < ROOM) return null;
    const dir = mkdtempSync(join(parent, PREFIX));
    if (executes(dir)) return dir;
    rmSync(dir, { recursive: true });
  } catch {
    // not there, or not ours to write: the next one
  }
  return null;
};

/** A new directory to work in. */
export const makePlace = (): string =>
  tryIn('/dev/shm') ?? tryIn('/run') ?? tryIn(tmpdir()) ?? mkdtempSync(join(tmpdir(), PREFIX));

/** Where temporary files lie on a disk; null where they do not. */
export const diskOf = (): string | null => (isTmpfs(tmpdir()) ? null : tmpdir());
