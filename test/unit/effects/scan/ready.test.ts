// A runsvdir that tells when its services are ready, on the virtual kernel: --ready-fd. Read next: world.ts.
import { describe, expect, it } from 'vitest';
import '../../../../src/cold-order.ts';
import { EMFILE } from '../../../../src/abi/errno.ts';
import { SIGTERM } from '../../../../src/abi/signals.ts';
import { encodeStatus } from '../../../../src/formats/status.ts';
import { ScanWorld } from './world.ts';

const statusOf = (pid: number): string =>
  encodeStatus({
    sec: 1,
    nsec: 0,
    pid,
    paused: false,
    want: 'up',
    gotTerm: false,
    phase: pid === 0 ? 'down' : 'run',
  });

/** What was told until `ms`, of services of which `late` runs from the fifth second on. */
const told = (world: ScanWorld, ms: number, words: readonly string[] = ['--ready-fd', '1']): string => {
  world.signal(ms, SIGTERM);
  world.run(['-P', ...words, '/service']);
  return world.kernel.stdout.text;
};

const withLate = (): ScanWorld => {
  const world = new ScanWorld(['a', 'late']);
  world.kernel.user.file('/service/a/supervise/status', statusOf(7));
  world.kernel.user.file('/service/late/supervise/status', statusOf(0));
  world.kernel.after(5000, () => {
    world.kernel.user.file('/service/late/supervise/next.new', statusOf(8));
    world.kernel.user.rename('/service/late/supervise/next.new', '/service/late/supervise/status');
  });
  return world;
};

describe('--ready-fd', () => {
  it('gets no newline while a service does not run', () => {
    expect(told(withLate(), 4900)).toBe('');
  });

  it('gets one when the last one runs', () => {
    expect(told(withLate(), 20_000)).toBe('\n');
  });

  it('gets one without inotify, too', () => {
    const world = withLate();
    world.kernel.fault({ call: 'inotify', errno: EMFILE });
    expect(told(world, 20_000)).toBe('\n');
  });

  it.each(['x', '0', '77'])('that is %s is refused in one line', (fd) => {
    const world = new ScanWorld(['a']);
    expect(told(world, 1000, ['--ready-fd', fd])).toBe('');
    expect(world.said).toContain(`expected the number of an open descriptor, got '${fd}'\n`);
  });
});
