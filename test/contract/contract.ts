// The contract under vitest: contract(name, capabilities, makeHost) makes one test of each spec that applies.
import { describe, test } from 'vitest';
import type { Bytes } from '../../src/abi/bytes.ts';
import type { Calls } from '../../src/host/calls.ts';
import type { Capabilities } from './case.ts';
import { applies, runSpec } from './case.ts';
import { specs } from './specs.ts';

export interface Host {
  readonly sys: Calls;
  /** Absolute, empty, writable; removed by `discard`. */
  readonly dir: Bytes;
  discard?(): void;
}

/** Some start Node anew a dozen times, on a machine that may have other work. */
const DEADLINE_MS = 120_000;

/** `makeHost` is called once for each spec. */
export const contract = (name: string, can: Capabilities, makeHost: () => Host): void => {
  describe(`the host contract: ${name}`, () => {
    for (const spec of specs.filter((one) => applies(one, can)))
      test(spec.title, { timeout: DEADLINE_MS }, () => {
        const host = makeHost();
        try {
          runSpec(spec, host.sys, can, host.dir);
        } finally {
          host.discard?.();
        }
      });
  });
};
