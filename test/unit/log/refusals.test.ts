// Each system call of svlogd refused once. Whatever was refused, every line is written once, in order.
import { expect, it } from 'vitest';
import { EACCES, EIO, EMFILE, ENOSPC } from '../../../src/abi/errno.ts';
import { SIGALRM, SIGHUP } from '../../../src/abi/signals.ts';
import { refuseAfter } from '../effects/refuse.ts';
import { LogWorld } from './world.ts';

const ERRNOS = [EIO, EACCES, EMFILE, ENOSPC];
const LINES = ['one', 'two', 'three', 'four', 'five', 'six'];

const live = (): LogWorld => {
  const world = new LogWorld();
  world.config('n0\ns2000\n');
  for (const [n, line] of LINES.entries()) world.feed(n * 4000, `${line}\n`);
  world.signal(2000, SIGALRM);
  world.signal(9000, SIGHUP);
  world.endInput(60_000);
  return world;
};

/** All lines in the order they were written. */
const written = (world: LogWorld): string => {
  const files = world.kernel.user.names('/log/d').filter((name) => name.startsWith('@'));
  return [...files.sort(), 'current'].map((name) => world.read(name) ?? '').join('');
};

it('a call that is refused once costs no line', () => {
  const failures: string[] = [];
  for (let step = 0; step < 2000; step++) {
    const world = live();
    const errno = ERRNOS[step % ERRNOS.length] as number;
    const refusal = refuseAfter(world.kernel, step, errno);
    const { code } = world.run();
    if (refusal.call() === '') break;
    // what is refused at startup, or on HUP, may end it: then it says so
    const isWhole = code === 0 ? written(world) === `${LINES.join('\n')}\n` : code === 111;
    const isInput = refusal.call() === 'read' && world.kernel.nowMs < 59_000;
    if (!isWhole && !isInput) failures.push(`${refusal.call()} at ${step} with ${errno}: ${code} ${written(world)}`);
  }
  expect(failures).toEqual([]);
});
