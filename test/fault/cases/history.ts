// What was recorded of a service (state.json, history.jsonl), where runsv is killed while it writes.
//
// Read next: ../../lib/history.ts (what must hold), turmoil.ts (other kills).
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { decodeHistory } from '../../../src/formats/history.ts';
import { historyTroubles, type Seen, stateTroubles } from '../../lib/history.ts';
import { fault } from '../case.ts';
import type { Service } from '../service.ts';
import type { Running, World } from '../world.ts';

const CRASHES = { text: '#!/bin/sh\nexit 3\n' };
const LEAST_KILLS = 10;

const textOf = ({ dir }: Service, name: string): string | null =>
  existsSync(`${dir}/supervise/${name}`) ? readFileSync(`${dir}/supervise/${name}`, 'latin1') : null;

const lastNumber = (service: Service): number => decodeHistory(textOf(service, 'history.jsonl') ?? '').at(-1)?.n ?? 0;

const paths = ({ dir }: Service): readonly string[] => [dir, `${dir}/supervise`];

/** Ends a runsv as an out-of-memory killer does. */
const kill = async (runsv: Running): Promise<void> => {
  runsv.signal('SIGKILL');
  await runsv.ended();
};

/** A life of runsv, under strace, until it has recorded an end and waits for the next start; or until it is killed. */
const life = async (world: World, service: Service, strace: readonly string[]): Promise<boolean> => {
  const before = lastNumber(service);
  const runsv = world.runsv(service, { wrap: ['strace', '-D', '-qqq', ...strace], foreign: true });
  const isDone = (): boolean => lastNumber(service) > before && service.status()?.state === 'down';
  await world.until('an end to be recorded', () => runsv.end() !== null || isDone(), paths(service));
  const wasKilled = runsv.end() !== null;
  await kill(runsv);
  return wasKilled;
};

/** The calls of such a life from the first that concerns the records on: name, and how many-th of its name. */
const callsOf = async (world: World, service: Service): Promise<readonly string[]> => {
  const trace = `${world.dir}/trace`;
  await life(world, service, ['-o', trace]);
  const counts = new Map<string, number>();
  const calls = [...readFileSync(trace, 'latin1').matchAll(/^(\w+)\((.*)$/gm)].map(([, name = '', rest = '']) => {
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    return { call: `${name}:signal=KILL:when=${nth}`, rest };
  });
  const first = calls.findIndex(({ rest }) => rest.includes('history.jsonl'));
  assert.ok(first > 0, 'no call concerns the history');
  return calls.slice(first).map(({ call }) => call);
};

export const HISTORY = [
  fault(
    'kill -9 of runsv before any system call while it records an end leaves no torn file, and no number twice',
    async (world) => {
      const service = world.service('records').has('run', CRASHES);
      const seen: Seen = new Map();
      const check = (call: string): void => {
        const troubles = [
          ...historyTroubles(textOf(service, 'history.jsonl'), seen),
          ...stateTroubles(textOf(service, 'state.json')),
        ];
        assert.deepEqual(troubles, [], `killed before ${call}`);
      };
      await life(world, service, ['-o', '/dev/null']);
      let kills = 0;
      for (const call of await callsOf(world, service)) {
        if (await life(world, service, ['-o', '/dev/null', '-e', `inject=${call}`])) kills++;
        check(call);
        await life(world, service, ['-o', '/dev/null']);
        check(`${call}, and one life later`);
      }
      assert.ok(kills >= LEAST_KILLS, `only ${kills} were killed`);
    },
    'strace',
  ),
];
