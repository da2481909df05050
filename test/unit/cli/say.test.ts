import { describe, expect, it } from 'vitest';
import { err, out } from '../../../src/cli/say.ts';
import { EAGAIN, EINTR, EPIPE } from '../../../src/abi/errno.ts';
import { VirtualKernel } from '../../sim/kernel/kernel.ts';

const say = (kernel: VirtualKernel, act: () => unknown): { readonly result: unknown; readonly ms: number } => {
  let result: unknown;
  const begun = kernel.nowMs;
  kernel.run(() => {
    result = act();
    return 0;
  });
  return { result, ms: kernel.nowMs - begun };
};

describe('words', () => {
  it('go to standard output and standard error', () => {
    const kernel = new VirtualKernel();
    say(kernel, () => [out('one'), err('two')]);
    expect([kernel.stdout.text, kernel.stderr.text]).toEqual(['one', 'two']);
  });

  it('are written though a signal comes between', () => {
    const kernel = new VirtualKernel();
    kernel.fault({ call: 'write', errno: EINTR, times: 3 });
    expect(say(kernel, () => out('all')).result).toBe(true);
    expect(kernel.stdout.text).toBe('all');
  });

  it('wait for a reader that does not keep up', () => {
    const kernel = new VirtualKernel();
    kernel.fault({ call: 'write', errno: EAGAIN, times: 1 });
    expect(say(kernel, () => out('all')).result).toBe(true);
  });

  it('are dropped after a second where nobody reads', () => {
    const kernel = new VirtualKernel();
    kernel.fault({ call: 'write', errno: EAGAIN });
    kernel.stdout.poll = () => 0;
    const { result, ms } = say(kernel, () => out('lost'));
    expect(result).toBe(false);
    expect(Math.round(ms)).toBe(1000);
  });

  it('are dropped where the reader has gone', () => {
    const kernel = new VirtualKernel();
    kernel.fault({ call: 'write', errno: EPIPE });
    expect(say(kernel, () => out('lost')).result).toBe(false);
  });

  it('are written in parts where only a part is taken', () => {
    const kernel = new VirtualKernel();
    const { write } = kernel.stdout;
    kernel.stdout.write = (data) => write.call(kernel.stdout, data.slice(0, 2));
    expect(say(kernel, () => out('abcde')).result).toBe(true);
    expect(kernel.stdout.text).toBe('abcde');
  });
});
