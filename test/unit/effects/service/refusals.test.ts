// Each system call of a runsv refused once: at its start, while it takes a service over, while it obeys.
// Whatever was refused, ./run never runs twice, and the next runsv has everything as it was.
import { describe, expect, it } from 'vitest';
import { runsv } from '../../../../src/applets/runsv.ts';
import { EACCES, EIO, EMFILE, ENOSPC } from '../../../../src/abi/errno.ts';
import { type Ending, VirtualKernel } from '../../../sim/kernel/kernel.ts';
import { refuseAfter } from '../refuse.ts';

const ERRNOS = [EIO, EACCES, EMFILE, ENOSPC];
/** More calls than a life has; and a stride, to keep `make unit` short. */
const STEPS_MAX = 3000;
const STRIDE = 3;

const play = (kernel: VirtualKernel): Ending =>
  kernel.run(() => runsv.run(['runsv', '/svc']), { argv: ['runsv', '/svc'] });

const newWorld = (withLog: boolean): VirtualKernel => {
  const kernel = new VirtualKernel();
  kernel.user.program('/svc/run', { livesMs: 'forever', writes: [{ bytes: 'line\n', everyMs: 300, times: 60 }] });
  kernel.user.program('/svc/finish', { livesMs: 10 });
  kernel.user.program('/svc/control/t', { livesMs: 10, exit: 1 });
  if (withLog) kernel.user.program('/svc/log/run', { readsStdinUntilEof: true });
  return kernel;
};

const commands = (kernel: VirtualKernel): void => {
  for (const [n, letter] of [...'tpcduhox'].entries()) {
    kernel.after(500 + n * 400, () => kernel.user.send('/svc/supervise/control', letter));
  }
  // what was lost is sent again
  for (const ms of [9000, 12_000]) kernel.after(ms, () => kernel.user.send('/svc/supervise/control', 'x'));
};

/** Whether a run ends as it must; a runsv that could not begin is followed by another, as by runsvdir. */
const endsWell = (kernel: VirtualKernel): string => {
  commands(kernel);
  let ending = play(kernel);
  for (let again = 0; again < 3 && ending.how === 'exited' && ending.code !== 0; again++) {
    kernel.advance(1000);
    ending = play(kernel);
  }
  const left = kernel.live().map(({ key }) => key);
  const fine = ending.how === 'exited' && ending.code === 0 && left.length === 0;
  return fine && kernel.overlaps.length === 0 ? '' : JSON.stringify({ ending, left, overlaps: kernel.overlaps });
};

/** Plays a life for each step until the life is over before it. */
const failures = (begin: () => VirtualKernel): readonly string[] => {
  const found: string[] = [];
  for (let step = 0; step < STEPS_MAX; step += STRIDE) {
    const kernel = begin();
    const errno = ERRNOS[(step / STRIDE) % ERRNOS.length] as number;
    const refusal = refuseAfter(kernel, step, errno);
    const what = endsWell(kernel);
    if (refusal.call() === '') break;
    if (what !== '') found.push(`${refusal.call()} at ${step} with ${errno}: ${what}`);
  }
  return found;
};

describe('a call that is refused once', () => {
  it('to a runsv', () => {
    expect(failures(() => newWorld(false))).toEqual([]);
  });

  it('to a runsv with a log', () => {
    expect(failures(() => newWorld(true))).toEqual([]);
  });

  it('to a runsv that takes a service over', () => {
    const left = (): VirtualKernel => {
      const kernel = newWorld(true);
      kernel.after(200, () => kernel.killMain());
      play(kernel);
      return kernel;
    };
    expect(failures(left)).toEqual([]);
  });
});
