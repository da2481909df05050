import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkoutFault, checkoutFaults } from '../../docs/checkout.ts';
import { blocksIn } from '../../docs/pages.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('a command for the checkout', () => {
  it.each([
    'make',
    'make check unit',
    'make sim SEED=17        # again',
    'sudo node_modules/.bin/node test/fault/run.ts --filter fork --jobs 1',
    "node_modules/.bin/node test/compat/run.ts --filter 'sv --help' --show",
    'node_modules/.bin/node node_modules/.bin/vitest run test/unit/machine',
  ])('may be %j', (line) => expect(checkoutFault(ROOT, line)).toBeNull());

  it.each([
    ['make chekc', "expected a target or variable of make, got 'chekc'"],
    ['make sim SAED=17', "expected a target or variable of make, got 'SAED=17'"],
    ['node_modules/.bin/node test/fault/go.ts', "expected a file of the checkout, got 'test/fault/go.ts'"],
    ['node_modules/.bin/node test/fault/run.ts --filtre x', "expected an option of test/fault/run.ts, got '--filtre'"],
    [
      'node_modules/.bin/node node_modules/.bin/vitest run test/unit/gone',
      "expected a file of the checkout, got 'test/unit/gone'",
    ],
    ['node_modules/.bin/node node_modules/.bin/vitest', 'expected vitest run and what to run'],
    [
      'node_modules/.bin/vitest run test/unit',
      "expected make or node_modules/.bin/node, got 'node_modules/.bin/vitest'",
    ],
    ['rm -rf out', "expected make or node_modules/.bin/node, got 'rm'"],
  ])('may not be %j', (line, fault) => expect(checkoutFault(ROOT, line)).toBe(fault));

  it('is right on every page', () => {
    const blocks = [...blocksIn('checkout').values()].flat();
    expect(blocks.length).toBeGreaterThan(0);
    expect(checkoutFaults(ROOT, blocks)).toEqual([]);
  });
});
