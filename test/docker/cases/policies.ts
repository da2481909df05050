// Policies whose end is that of the container: an essential service that fails, and one that is done.
import assert from 'node:assert/strict';
import { type Case, shown } from '../case.ts';

/** A scan directory with one essential service, made in the container; `files`: value files and their content. */
const essential = (run: string, files: Readonly<Record<string, string>>): string =>
  [
    'mkdir -p /run/scan/app',
    'cd /run/scan/app',
    `printf '%s\\n' '#!/bin/sh' '${run}' >run`,
    'chmod +x run',
    ...Object.entries({ 'flag-essential': '', ...files }).map(([name, text]) => `printf '%s' '${text}' >${name}`),
    'exec runsvdir -P --subreaper /run/scan',
  ].join('\n');

export const POLICIES: readonly Case[] = [
  shown('an essential service that fails too often ends the container with its exit code', async (stage) => {
    const files = { 'restart-delay': '1000 1000 10000', 'restart-limit': '3' };
    const script = essential('echo try; exit 3', files);
    const container = await stage.run(['--entrypoint', 'sh'], 'runitbox:debian', '-c', script);
    assert.equal(await container.code(), 3);
    assert.equal(container.lines.filter((line) => line === 'try').length, 3);
    const told = container.lines.filter((line) => line.startsWith('runsv'));
    assert.match(told[0] ?? '', /^runsv app: warning: failed: exit code 3, 3 failures in a row$/, told.join('\n'));
  }),
  shown('an essential service that is done ends the container with 0', async (stage) => {
    const script = essential('echo work; exit 0', { restart: 'on-failure' });
    const container = await stage.run(['--entrypoint', 'sh'], 'runitbox:debian', '-c', script);
    assert.equal(await container.code(), 0);
    assert.deepEqual(
      container.lines.filter((line) => line === 'work'),
      ['work'],
    );
  }),
];
