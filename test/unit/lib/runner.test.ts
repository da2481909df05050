// The runner of the suites, played on a suite that has a test of each kind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

interface Played {
  readonly child: ChildProcess;
  /** What deferred actions left. */
  readonly done: () => readonly string[];
  readonly ended: Promise<{ readonly code: number | null; readonly text: string }>;
}

const start = (...words: readonly string[]): Played => {
  const place = mkdtempSync(join(tmpdir(), 'runitbox-runner-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'sample-suite.ts'), ...words], {
    env: { ...process.env, PLACE: place },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (text += data.toString()));
  const file = join(place, 'done');
  return {
    child,
    done: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []),
    ended: once(child, 'close').then(([code]) => ({ code, text })),
  };
};

/** Without the seconds, which differ. */
const linesOf = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/[\d.]+ s(?![a-z])/, 'N s').replace(/seed \d+/, 'seed N'));

it('prints a line for each test, what was deferred is done, last things first', async () => {
  const { ended, done } = start('--filter', 'passes', '--seed', '7');
  const { code, text } = await ended;
  expect([code, linesOf(text)]).toEqual([
    0,
    ['ok      passes (N s, a fact)', 'N s, seed N', '1 passed, 0 failed, 0 skipped'],
  ]);
  expect(done()).toEqual(['first', 'second', 'the end']);
});

it('says what was wrong, and fails', async () => {
  const { ended } = start('--filter', 'wrong');
  const { code, text } = await ended;
  expect(code).toBe(1);
  expect(linesOf(text)).toEqual([
    'FAILED  says what is wrong (N s)',
    '    this is wrong',
    'N s, seed N',
    '0 passed, 1 failed, 0 skipped',
  ]);
});

it('takes an exception for a failure, with what explains it, and cleans up', async () => {
  const { ended, done } = start('--filter', 'throws');
  expect((await ended).text).toContain('    thrown\n    explained\n');
  expect(done()).toEqual(['after throw', 'the end']);
});

it('ends a test that takes too long, and cleans up', async () => {
  const { ended, done } = start('--filter', 'does not end');
  const { code, text } = await ended;
  expect(code).toBe(1);
  expect(text).toContain('    waited 0.2 s for: the end of the test\n');
  expect(done()).toEqual(['after timeout', 'the end']);
});

it('cleans up when a signal ends it', async () => {
  const { child, ended, done } = start('--filter', 'hangs until a signal comes');
  await new Promise<void>((resolve) =>
    child.stdout?.on('data', (data: Buffer) => `${data}`.includes('hanging') && resolve()),
  );
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
  expect(done()).toEqual(['after signal', 'the end']);
});

it('counts what is skipped, with its reason', async () => {
  const { code, text } = await start('--filter', 'cannot').ended;
  expect([code, linesOf(text)]).toEqual([
    0,
    ['skipped cannot be played: needs a moon', 'N s, seed N', '0 passed, 0 failed, 1 skipped'],
  ]);
});

it('lists what it would play; --share takes every so-many-th', async () => {
  const { text } = await start('--list', '--share', '3').ended;
  expect(linesOf(text)).toEqual(['passes', 'does not end']);
});

it('fails where nothing was chosen, and refuses options that it does not know', async () => {
  const nothing = await start('--filter', 'nothing of the kind').ended;
  expect([nothing.code, nothing.text]).toEqual([1, expect.stringContaining('nothing was chosen')]);
  const unknown = await start('--nope').ended;
  expect([unknown.code, linesOf(unknown.text)[0]]).toEqual([2, "Unknown option '--nope'"]);
  const jobs = await start('--jobs', '0').ended;
  expect([jobs.code, linesOf(jobs.text)[0]]).toEqual([2, "--jobs: expected a whole number from 1 on, got '0'"]);
});
