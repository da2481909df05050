// The Node host of this checkout, its addon compiled anew when a source is younger.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Calls } from '../../src/host/calls.ts';
import { loadBuilt } from '../../src/host/node/built.ts';
import type { Capabilities } from './case.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const modified = (path: string): number => statSync(`${root}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const sourceModified = (): number =>
  Math.max(
    ...['src/host/c', 'src/host/node'].flatMap((dir) =>
      readdirSync(root + dir).map((name) => modified(`${dir}/${name}`)),
    ),
  );

/** The host, for the whole test process. */
export const nodeHost = (): Calls => {
  if (modified('out/node/sys.node') < sourceModified()) {
    const { status, stderr } = spawnSync(`${root}src/host/node/build.sh`, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`build.sh: ${stderr}`);
  }
  return loadBuilt();
};

export const nodeCan: Capabilities = {
  realPrograms: true,
  checksArguments: true,
  again: [process.execPath, `${root}test/contract/node-main.ts`],
};
