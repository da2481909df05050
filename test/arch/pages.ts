// svlogd under an emulator that has pages of another size: what it gives back is whole pages.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hands } from '../lib/runner.ts';
import { linkPrograms } from '../lib/temporary.ts';
import { bounded, until } from '../lib/wait.ts';

const DEADLINE_MS = 120_000;
const LONG_LINES = `${'x'.repeat(3000)}\n`.repeat(600);
const GIVEN_BACK = /madvise\(0x([0-9a-f]+),(\d+),/g;

/** A burst of lines, then a rest in which svlogd gives memory back: wholly in pages of `page` bytes, and no line is lost. */
export const givesBackPages = async (
  emulator: string,
  executable: string,
  page: number,
  dir: string,
  { defer }: Hands,
): Promise<readonly string[]> => {
  linkPrograms(dir, executable, ['svlogd']);
  const log = join(dir, 'log');
  mkdirSync(log);
  writeFileSync(join(log, 'config'), 's100000000\n');
  // -0: by its link's name, as a kernel would run it
  const words = ['-p', String(page), '-strace', '-0', 'svlogd', join(dir, 'svlogd'), log];
  const child = spawn(emulator, words, { stdio: ['pipe', 'ignore', 'pipe'] });
  defer(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close');
  let calls = '';
  child.stderr.on('data', (data: Buffer) => (calls += data.toString('latin1')));
  child.stdin.on('error', () => undefined);
  child.stdin.write(LONG_LINES);
  await until(
    () => `madvise among the calls of svlogd:\n${calls.slice(-1000)}`,
    () => [...calls.matchAll(GIVEN_BACK)].length > 0 || child.exitCode !== null,
    DEADLINE_MS,
  );
  child.stdin.end('the last line\n');
  const [code] = await bounded('the end of svlogd', ended, DEADLINE_MS);
  const faults = [...calls.matchAll(GIVEN_BACK)]
    .filter(({ 1: from = '', 2: size = '' }) => Number.parseInt(from, 16) % page !== 0 || Number(size) % page !== 0)
    .map(([call]) => `expected whole pages of ${page} bytes, got ${call}`);
  if (code !== 0) faults.push(`expected exit code 0, got ${code}`);
  if (readFileSync(join(log, 'current'), 'latin1') !== `${LONG_LINES}the last line\n`)
    faults.push('lines are missing in the log');
  return faults;
};
