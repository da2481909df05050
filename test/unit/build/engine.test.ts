// What build/engine/patch.ts takes out of the engine is not used: tests on Node.js would not see that it is missing.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const patch = readFileSync('build/engine/patch.ts', 'utf8');
const [, list = ''] = /const NO_MATH = \[([^;]*)\];/.exec(patch) ?? [];
const missing = new Set([...list.matchAll(/'(\w+)'/g)].map(([, name]) => name ?? ''));

it('no source calls a function of Math that the engine lacks', () => {
  expect(missing.has('sin') && missing.size > 10).toBe(true);
  const calls = (readdirSync('src', { recursive: true, encoding: 'utf8' }) as readonly string[])
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      [...readFileSync(`src/${name}`, 'utf8').matchAll(/Math\.(\w+)/g)].map(([, call]) => [name, call ?? '']),
    );
  expect(calls.length).toBeGreaterThan(100);
  expect(calls.filter(([, call = '']) => missing.has(call))).toEqual([]);
});
