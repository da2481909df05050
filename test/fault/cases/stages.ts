// The engine of runit runs out of memory: the machine boots, stops and switches off all the same.
//
// The failing process 1 is the debug build, as in engine.ts. RUNITBOX_FAIL_EVERY=1 refuses every single request in turn.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../case.ts';
import { proc } from '../../lib/proc.ts';
import type { World } from '../world.ts';
import { comes, DEBUG, eachRefused } from './engine.ts';

const JAIL = join(import.meta.dirname, '../../../out/jail');
/** How the kernel ends a PID namespace whose process 1 switches it off. */
const POWER_OFF = /^signal 2$/m;
const SIGCONT = 18;

/** Boots, stops stage 2, switches off. Returns whether the engine failed on the way. */
const life = async (world: World, n: string): Promise<boolean> => {
  const place = join(world.dir, `life-${n}`);
  const told = join(place, 'run/told');
  mkdirSync(join(place, 'etc'), { recursive: true });
  mkdirSync(join(place, 'run'));
  writeFileSync(told, '');
  const stage = (name: number, text: string): void => {
    writeFileSync(join(place, `etc/${name}`), `#!/bin/sh\n${text}\n`);
    chmodSync(join(place, `etc/${name}`), 0o755);
  };
  stage(1, 'echo 1 >>/run/told');
  stage(2, `trap 'echo term >>/run/told; exit 0' TERM; echo 2 >>/run/told; while :; do sleep .02; done`);
  stage(3, 'echo 3 >>/run/told');
  const mounts = [`${place}/etc=/etc/runit`, `${place}/run=/run`, `${DEBUG}=/sbin/runit`, '--'];
  const refusing = ['/usr/bin/env', 'env', `RUNITBOX_FAIL_ALLOC=${n}`, '/sbin/runit'];
  const running = world.start(JAIL, [...mounts, ...refusing], {
    foreign: true,
    wrap: ['sh', '-c', 'exec "$@" >&2', 'sh'],
  });
  const lines = (): string => running.lines().join('\n');
  const stages = (): string => readFileSync(told, 'latin1').replaceAll('\n', ' ');
  await comes('stage 2 or an end', () => running.end() !== null || stages().startsWith('1 2 '));
  // one that fails before it has anything to lose just ends
  if (running.end() !== null) {
    assert.equal(stages(), '', lines());
    return true;
  }
  writeFileSync(join(place, 'run/runit.stopit'), '');
  chmodSync(join(place, 'run/runit.stopit'), 0o100);
  await running.says(/^pid \d+$/);
  const pid = Number(/^pid (\d+)$/m.exec(lines())?.[1]);
  assert.ok(proc(pid, 'stat') !== '', lines());
  process.kill(pid, SIGCONT);
  await running.ended(60_000);
  assert.match(lines(), POWER_OFF);
  assert.equal(stages(), '1 2 term 3 ', lines());
  return /: fatal: /.test(lines());
};

export const STAGES = [
  {
    ...fault('runit as process 1 that gets no memory for one request goes on, whichever it is', (world) =>
      eachRefused((n) => life(world, n)),
    ),
    takesMs: process.env['RUNITBOX_FAIL_EVERY'] === undefined ? 240_000 : 7_200_000,
  },
];
