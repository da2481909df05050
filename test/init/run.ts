// Starts services under every init that docker/init and docker/lxc have something for, for real: in LXC containers, in
// systemd-nspawn, in namespaces. `run.ts [--filter TEXT] [--jobs N] [--list]`; ends in `N passed, N failed`.
//
// Wants root. Leaves the machine's own init and its services alone. Read next: case.ts, scenario.ts, cases/.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bounded } from '../lib/wait.ts';
import { type Case, CaseRoom } from './case.ts';
import { endPrograms } from '../lib/run.ts';
import { DOCS } from './cases/docs.ts';
import { HELPERS } from './cases/helpers.ts';
import { INITS } from './cases/inits.ts';
import { LXC } from './cases/lxc.ts';
import { SYSTEMD } from './cases/systemd.ts';
import { isOwn, mapIds, playInOwn, watchGroups } from './mounts.ts';
import { Roots } from './roots.ts';
import { summary } from '../lib/summary.ts';

const CASE_MS = 240_000;

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
    binary: { type: 'string', default: join(import.meta.dirname, '../../dist/runitbox') },
    list: { type: 'boolean', default: false },
  },
});

// what needs no root of Debian's comes first, as they are being made meanwhile
const CASES: readonly Case[] = [...HELPERS, ...LXC, ...SYSTEMD, ...INITS, ...DOCS];
const chosen = CASES.filter(({ title }) => title.toLowerCase().includes(values.filter.toLowerCase()));
if (values.list) {
  for (const { title } of chosen) console.log(title);
  process.exit(0);
}

if (!isOwn()) process.exit(await playInOwn());

const base = mkdtempSync(join(tmpdir(), 'runitbox-init-'));
chmodSync(base, 0o755);
mapIds(base);
const removeGroups = watchGroups();
const roots = new Roots(base, values.binary);
const open = new Set<CaseRoom>();
const counts = { passed: 0, failed: 0, skipped: 0 };

const faultOf = async (given: Case, room: CaseRoom): Promise<string | undefined> => {
  try {
    await roots.ready(given.from);
    await bounded('the case', given.attempt(room), CASE_MS);
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
};

async function play(given: Case, index: number): Promise<void> {
  const reason = given.skipReason?.();
  if (reason !== undefined) {
    counts.skipped++;
    console.log(`SKIPPED ${given.title}: ${reason}`);
    return;
  }
  const room = new CaseRoom(base, index, roots);
  open.add(room);
  const begunMs = performance.now();
  const fault = await faultOf(given, room);
  await room.close();
  open.delete(room);
  counts[fault === undefined ? 'passed' : 'failed']++;
  const facts = [`${((performance.now() - begunMs) / 1000).toFixed(1)} s`, ...room.notes].join(', ');
  console.log(`${fault === undefined ? 'ok     ' : 'FAILED '} ${given.title} (${facts})`);
  if (fault !== undefined) console.log(`    ${fault.trimEnd().replaceAll('\n', '\n    ')}`);
}

async function leave(code: number): Promise<never> {
  endPrograms();
  for (const room of open) await room.close();
  removeGroups();
  rmSync(base, { recursive: true, force: true });
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void leave(130));
const begunMs = performance.now();
roots.prepare(...new Set(chosen.flatMap(({ from }) => from ?? [])));
const queue = chosen.entries();
const worker = async (): Promise<void> => {
  for (const [index, given] of queue) await play(given, index);
};
await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
const seconds = ((performance.now() - begunMs) / 1000).toFixed(0);
console.log(`${seconds} s`);
console.log(summary(counts));
await leave(counts.failed === 0 ? 0 : 1);
