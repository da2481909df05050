// build/engine/fetch.sh, interrupted while it waits for a package: nothing of it stays behind.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';

const BUILD = join(import.meta.dirname, '../../../build');
let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'runitbox-fetch-'));
  mkdirSync(join(dir, 'build'));
  cpSync(join(BUILD, 'engine'), join(dir, 'build/engine'), { recursive: true });
  // tells that it waits, and would for ever
  writeFileSync(join(dir, 'build/apt-private.sh'), '#!/bin/sh\necho waits >&2\nexec sleep 1000\n');
  chmodSync(join(dir, 'build/apt-private.sh'), 0o755);
});
afterEach(() => rmSync(dir, { recursive: true }));

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('fetch.sh leaves nothing in .cache at %s', async (signal) => {
  const { QUICKJS_DIR: _, ...env } = process.env;
  const child = spawn(join(dir, 'build/engine/fetch.sh'), ['quickjs'], { detached: true, env });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stderr })) if (line === 'waits') break;
  expect(readdirSync(join(dir, '.cache')).filter((name) => name.startsWith('fetch.'))).toHaveLength(1);
  process.kill(-(child.pid ?? 0), signal);
  await exited;
  expect(readdirSync(join(dir, '.cache')).filter((name) => name.startsWith('fetch.'))).toEqual([]);
});
