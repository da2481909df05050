// Lines as bytes for a terminal.
import { describe, expect, it } from 'vitest';
import { draw } from '../../../../src/client/monitor/screen.ts';
import type { Line } from '../../../../src/client/monitor/table.ts';

const line = (text: string, width = text.length, style: 'plain' | 'red' | 'bold' = 'plain'): Line => ({
  spans: [{ text, width, style }],
  isReverse: false,
});

describe('draw', () => {
  it('sends lines that have changed, each with its place, and nothing else', () => {
    const first = draw([line('one'), line('two')], 10, true, []);
    expect(first.bytes).toBe('\x1b[1;1H\x1b[0mone\x1b[0m\x1b[K\x1b[2;1H\x1b[0mtwo\x1b[0m\x1b[K');
    const second = draw([line('one'), line('three')], 10, true, first.lines);
    expect(second.bytes).toBe('\x1b[2;1H\x1b[0mthree\x1b[0m\x1b[K');
    expect(draw([line('one'), line('three')], 10, true, second.lines).bytes).toBe('');
  });

  it('does not erase what follows a line that is full', () => {
    expect(draw([line('0123')], 4, true, []).bytes).toBe('\x1b[1;1H\x1b[0m0123\x1b[0m');
  });

  it('shows the selected line in reverse over the whole width', () => {
    const { bytes } = draw([{ ...line('one', 3, 'red'), isReverse: true }], 6, true, []);
    expect(bytes).toBe('\x1b[1;1H\x1b[0m\x1b[7m\x1b[31mone\x1b[0m\x1b[7m   \x1b[0m\x1b[K');
  });

  it('has no colours where none are wanted, but weights', () => {
    expect(draw([line('one', 3, 'red')], 6, false, []).bytes).not.toContain('\x1b[31m');
    expect(draw([line('one', 3, 'bold')], 6, false, []).bytes).toContain('\x1b[1m');
  });

  it('puts what is behind a wide character at its column', () => {
    const spans = [
      { text: '\xe6\x97\xa5', width: 2, style: 'plain' },
      { text: '', width: 0, style: 'plain' },
      { text: 'x', width: 1, style: 'plain' },
    ] as const;
    expect(draw([{ spans, isReverse: false }], 9, true, []).bytes).toContain(
      '\xe6\x97\xa5\x1b[3Gx\x1b[4G\x1b[0m\x1b[K',
    );
  });
});
