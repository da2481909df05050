// The values of an environment directory, beside C's chpst.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { variableIn } from '../../../src/formats/environment.ts';
import { same, type Target } from '../model.ts';

const CHPST = '/usr/bin/chpst';

/** The variables that a program has under C's chpst, by name. */
const byC = (contents: readonly string[]): Readonly<Record<string, string>> => {
  const place = mkdtempSync(join(tmpdir(), 'runitbox-fuzz-'));
  try {
    mkdirSync(join(place, 'env'));
    for (const [at, content] of contents.entries()) writeFileSync(join(place, 'env', `V${at}`), content, 'latin1');
    const env = Object.fromEntries(contents.map((_, at) => [`V${at}`, 'before']));
    const { stdout } = spawnSync(CHPST, ['-e', join(place, 'env'), '/usr/bin/env', '-0'], { env, encoding: 'latin1' });
    return Object.fromEntries(
      stdout
        .split('\0')
        .filter((entry) => entry !== '')
        .map((entry) => {
          const at = entry.indexOf('=');
          return [entry.slice(0, at), entry.slice(at + 1)];
        }),
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
};

/** Files, separated. */
export const besideC: Target = {
  name: 'variables beside C',
  files: /src\/formats\/environment\.ts$/,
  words: ['\x1f', ' \t\n', '\0', '\n', ' ', '\t', '\r\n', 'x'.repeat(300)],
  longest: 1000,
  seeds: ['a\x1fb \t\nc\x1f\x1f\n\x1f \x1f\0\0\n\x1fx\0 \n', 'x'.repeat(600)],
  missing: () => (existsSync(CHPST) ? '' : `there is no ${CHPST}`),
  run(input) {
    const contents = input.split('\x1f');
    const ours = contents.flatMap((content, at): readonly (readonly [string, string])[] => {
      const value = variableIn(content);
      return value === null ? [] : [[`V${at}`, value]];
    });
    const sorted = (all: readonly (readonly [string, string])[]): unknown =>
      [...all].sort(([one], [other]) => (one < other ? -1 : 1));
    same(sorted(ours), sorted(Object.entries(byC(contents))), 'ours and C');
  },
};
