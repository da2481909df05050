// What the flavours cost, side by side: `figures.ts [RUNS]`, the table of docs/node.md. The machine should be idle.
//
// Promises: start-up is that of `sv status` of a service that is not there, from before spawn to after the end, least and median;
// memory is that of an idle runsv, a second after its service has started.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../lib/wait.ts';

const ROOT = join(import.meta.dirname, '../..');
const STATIC = join(ROOT, 'dist/runitbox');
const SCRIPT = join(ROOT, 'dist/npm/runitbox/lib/runitbox.cjs');
const RUNS = Number(process.argv[2] ?? 40);

const FLAVOURS: readonly (readonly [name: string, ...command: readonly string[]])[] = [
  ['static', STATIC],
  ['packed', join(ROOT, 'dist/runitbox-node')],
  [`script, Node ${process.versions.node}`, process.execPath, '--', SCRIPT],
  ['script, /usr/bin/node', '/usr/bin/node', '--', SCRIPT],
  ['npm launcher', join(ROOT, 'dist/npm/runitbox/bin/runitbox')],
  ['(/bin/true)', '/bin/true'],
];

const timeMs = (file: string, args: readonly string[]): number => {
  const startMs = performance.now();
  spawnSync(file, [...args], { stdio: 'ignore' });
  return performance.now() - startMs;
};

const startUp = (file: string, args: readonly string[]): string => {
  const times = Array.from({ length: RUNS }, () => timeMs(file, args)).sort((one, other) => one - other);
  return `${times[0]?.toFixed(2)} (${times[RUNS >> 1]?.toFixed(2)})`;
};

const field = (text: string, name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]);

const idleRunsv = async (file: string, args: readonly string[]): Promise<string> => {
  const dir = mkdtempSync(join(tmpdir(), 'runitbox-figures-'));
  writeFileSync(join(dir, 'run'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
  const runsv = spawn(file, [...args, 'runsv', dir], { stdio: 'ignore' });
  while (spawnSync(STATIC, ['sv', '-w', '9', 'start', dir]).status !== 0) await sleep(100);
  await sleep(1000);
  const [memory, status] = ['smaps_rollup', 'status'].map((name) =>
    readFileSync(`/proc/${runsv.pid}/${name}`, 'latin1'),
  );
  const [rss, dirty] = [field(memory ?? '', 'Rss'), field(memory ?? '', 'Private_Dirty')];
  const ended = once(runsv, 'exit');
  spawnSync(STATIC, ['sv', 'exit', dir]);
  await ended;
  rmSync(dir, { recursive: true });
  return `${rss} (${dirty})`.padEnd(20) + field(status ?? '', 'Threads');
};

// pages of files just written count as dirty
spawnSync('sync');
console.log(
  `${'flavour'.padEnd(26)}${'bytes'.padEnd(12)}${'start, ms'.padEnd(18)}${'idle runsv, kB'.padEnd(20)}threads`,
);
for (const [name, file = '', ...args] of FLAVOURS.filter(([, file]) => existsSync(file ?? ''))) {
  const size = String(statSync(args.at(-1) ?? file).size).padEnd(12);
  const isProgram = file !== '/bin/true';
  const start = startUp(file, isProgram ? [...args, 'sv', 'status', '/nonexistent'] : []).padEnd(18);
  console.log(`${name.padEnd(26)}${size}${start}${isProgram ? await idleRunsv(file, args) : ''}`);
}
