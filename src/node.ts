// The programs of main.ts on Node: what `make pkg` packs and what the npm package carries as a script.
//
// Promises: exit codes and output of the static executable; what goes wrong here is one line and exit code 111.
// Read next: main.ts, host/node/load.ts, host/node/script.ts, ../docs/node.md.
import { writeSync } from 'node:fs';
import addon from '../out/node/sys.node';
import { loadBytes, NoPlace } from './host/node/load.ts';
import { putBack } from './host/node/put-back.ts';
import { asScript } from './host/node/script.ts';
import './whole.ts';

declare const globalThis: { __main?: () => number };
/** Whether Node and this are one executable: the build says so. */
declare const PACKED: boolean;

const FATAL = 111;

/** An error and where it was, on one line. */
const oneLine = (problem: unknown): string => {
  if (problem instanceof NoPlace) return problem.message;
  const text = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
  return text.replace(/\n +/, ': ').replaceAll(/\n */g, ', ');
};

const start = (): number => {
  const host = loadBytes(addon, PACKED);
  if (!PACKED) asScript(host);
  putBack(host);
  return globalThis.__main?.() ?? FATAL;
};

try {
  process.exitCode = start();
} catch (problem) {
  writeSync(2, `runitbox: fatal: ${oneLine(problem)}\n`);
  process.exitCode = FATAL;
}
