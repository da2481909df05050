// The monitor without a terminal: what keys do, and what is shown then.
import { describe, expect, it } from 'vitest';
import { frameOf } from '../../../../src/client/monitor/frame.ts';
import {
  type Action,
  type Monitor,
  newMonitor,
  press,
  resized,
  type Row,
  showPage,
  shownRows,
  SORTS,
  withRows,
} from '../../../../src/client/monitor/model.ts';
import { memoryText } from '../../../../src/client/monitor/table.ts';
import { CONDITIONS } from '../../../../src/formats/condition.ts';

const NOW_MS = 1_800_000_000_000;

const row = (name: string, more: Partial<Row> = {}): Row => ({
  key: `/svc/${name}`,
  name,
  condition: 'running',
  pid: 77,
  sinceMs: NOW_MS - 5000,
  cpu: 1.25,
  memoryBytes: 3_000_000,
  processes: 2,
  starts: 4,
  lastEnd: 'exit 1, 3s ago',
  ...more,
});

const many = (count: number): readonly Row[] =>
  Array.from({ length: count }, (_, at) => row(`s${String(at).padStart(3, '0')}`));

const monitor = (rows: readonly Row[], size: Monitor['size'] = [24, 80]): Monitor =>
  withRows(resized(newMonitor('/svc'), size), rows);

const typing = (start: Monitor, keys: readonly string[]): Monitor =>
  keys.reduce((at, key) => press(at, key).monitor, start);

const actionOf = (start: Monitor, ...keys: readonly string[]): Action | null => {
  const last = keys.at(-1) as string;
  return press(typing(start, keys.slice(0, -1)), last).action;
};

const textOf = (shown: Monitor): readonly string[] =>
  frameOf(shown, NOW_MS).map(({ spans }) =>
    spans
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );

describe('the table', () => {
  it('has the columns of the facts, one line a service, the selected one marked', () => {
    const lines = textOf(monitor([row('db'), row('web', { condition: 'backoff', pid: 0, cpu: null })]));
    expect(lines.slice(0, 4)).toEqual([
      '/svc  2 services, 1 backoff  sort: name',
      '  SERVICE  STATE    PID  FOR  CPU%   MEM  PROCS  STARTS  LAST END',
      '> db       running   77   5s   1.3  2.9M      2       4  exit 1, 3s ago',
      '  web      backoff        5s                          4  exit 1, 3s ago',
    ]);
    expect(lines.at(-1)).toMatch(/^u up .* q quit$/);
    expect(lines.length).toBe(24);
  });

  it('shows what is not known as a dash, and what no runsv supervises with the reason', () => {
    const unknown = { cpu: null, memoryBytes: null, processes: null, starts: null };
    const gone = {
      condition: 'unsupervised',
      pid: 0,
      sinceMs: null,
      lastEnd: 'runsv not running',
      ...unknown,
    } as const;
    const lines = textOf(monitor([row('a', { ...unknown, lastEnd: '' }), row('b', gone)]));
    expect(lines[2]).toMatch(/^> a +running +77 +5s +- +- +- +-$/);
    expect(lines[3]).toMatch(/^ {2}b +unsupervised +- {2}runsv not running$/);
  });

  it('says that there are no services, or none that match', () => {
    expect(textOf(monitor([]))[2]).toBe('no services');
    expect(textOf(typing(monitor([row('a')]), ['/', 'x']))[2]).toBe('no service matches the filter');
  });

  it.each([
    [80, /SERVICE +STATE +PID +FOR +CPU% +MEM +PROCS +STARTS +LAST END/],
    [60, /SERVICE +STATE +PID +FOR +CPU% +MEM +PROCS +STARTS$/],
    [50, /SERVICE +STATE +PID +FOR +CPU% +MEM +STARTS$/],
    [30, /SERVICE +STATE +PID +FOR$/],
    [20, /SERVICE +STATE$/],
    [12, /^ {2}S {2}STATE$/],
    [1, /^$/],
  ])('in %d columns has those that fit', (columns, headings) => {
    expect(textOf(monitor([row('web')], [24, columns]))[1]).toMatch(headings);
  });

  it.each([
    [700, '1K'],
    [999_000, '976K'],
    [1_048_576, '1.0M'],
    [50_000_000, '48M'],
    [5e9, '4.7G'],
    [5e13, '45T'],
    [5e17, '454747T'],
  ])('shows %d bytes as %s', (count, text) => {
    expect(memoryText(count)).toBe(text);
  });

  it('shows much processor time without a fraction', () => {
    expect(textOf(monitor([row('a', { cpu: 123.4 })]))[2]).toContain('  123  ');
  });
});

describe('keys', () => {
  const three = monitor([row('a'), row('b'), row('c')]);

  it.each([
    [['j'], 'b'],
    [['down', 'down', 'down'], 'c'],
    [['j', 'k', 'up'], 'a'],
    [['end'], 'c'],
    [['G', 'home'], 'a'],
    [['page down'], 'c'],
    [[' ', 'page up'], 'a'],
    [['x', '\xff', 'delete'], 'a'],
  ])('%j select %s', (keys, name) => {
    expect(typing(three, keys).selected).toBe(`/svc/${name}`);
  });

  it.each([
    ['u', 'up'],
    ['d', 'down'],
    ['r', 'restart'],
    ['R', 'reload'],
  ])('%s sends %s to the selected service', (key, verb) => {
    expect(actionOf(three, 'j', key)).toMatchObject({ kind: 'send', verb, row: { name: 'b' } });
  });

  it('K asks first, and takes y alone for yes', () => {
    expect(actionOf(three, 'K')).toBe(null);
    expect(textOf(typing(three, ['j', 'K'])).at(-1)).toBe('send KILL to b? y/n');
    expect(actionOf(three, 'j', 'K', 'y')).toMatchObject({ kind: 'send', verb: 'kill', row: { name: 'b' } });
    expect(actionOf(three, 'K', 'n')).toBe(null);
    expect(textOf(typing(three, ['K', 'enter'])).at(-1)).toBe('nothing was sent');
    // the next key is one of the table again
    expect(actionOf(three, 'K', 'n', 'u')).toMatchObject({ kind: 'send', verb: 'up' });
    const asked = typing(three, ['j', 'K']);
    expect(actionOf(withRows(asked, []), 'y')).toBe(null);
    // another row is selected by now, which nobody asked about
    expect(actionOf(withRows(asked, [row('a'), row('c')]), 'y')).toBe(null);
  });

  it.each([
    ['w', 'why'],
    ['l', 'logs'],
    ['enter', 'logs'],
    ['g', 'graph'],
  ])('%s opens %s', (key, page) => {
    expect(actionOf(three, key)).toMatchObject({ kind: 'open', page, row: { name: 'a' } });
  });

  it.each(['u', 'w', 'K'])('%s does nothing without a service', (key) => {
    expect(press(monitor([]), key)).toMatchObject({ action: null, monitor: { mode: 'table' } });
  });

  it('q quits, but out of a page it goes back', () => {
    expect(actionOf(three, 'q')).toEqual({ kind: 'quit' });
    expect(actionOf(three, '?', 'q')).toBe(null);
    expect(actionOf(three, '?', 'q', 'q')).toEqual({ kind: 'quit' });
    expect(actionOf(three, 'redraw')).toEqual({ kind: 'redraw' });
    expect(actionOf(three, '?', 'redraw')).toEqual({ kind: 'redraw' });
  });

  it('/ filters by name and state while it is typed', () => {
    const mixed = monitor([row('web'), row('worker'), row('db', { condition: 'failed' })]);
    const names = (shown: Monitor): readonly string[] => shownRows(shown).map(({ name }) => name);
    expect(names(typing(mixed, ['/', 'W']))).toEqual(['web', 'worker']);
    expect(names(typing(mixed, ['/', 'w', 'e']))).toEqual(['web']);
    expect(names(typing(mixed, ['/', 'w', 'e', 'backspace']))).toEqual(['web', 'worker']);
    expect(names(typing(mixed, ['/', 'f', 'a', 'i', 'l']))).toEqual(['db']);
    expect(names(typing(mixed, ['/', '\xc3', '\xa4', 'backspace']))).toHaveLength(3);
    const kept = typing(mixed, ['/', 'w', 'up', 'enter', 'j']);
    expect(kept.selected).toBe('/svc/worker');
    expect(textOf(kept)[0]).toContain('filter: w (2)');
    expect(textOf(typing(mixed, ['/', 'w'])).at(-1)).toBe('/w_');
    expect(names(typing(kept, ['escape']))).toHaveLength(3);
    expect(names(typing(mixed, ['/', 'w', 'escape']))).toHaveLength(3);
    expect(typing(mixed, ['/', ...'x'.repeat(300)]).filter).toHaveLength(100);
  });

  it('s goes through the orders, which keep the selection', () => {
    const mixed = monitor([
      row('a', { cpu: 1, memoryBytes: 3, starts: null, sinceMs: 5 }),
      row('b', { condition: 'failed', cpu: 3, memoryBytes: null, starts: 9, sinceMs: null }),
      row('c', { condition: 'ready', cpu: null, memoryBytes: 9, starts: 1, sinceMs: 9 }),
    ]);
    let shown = typing(mixed, ['j']);
    const orders = SORTS.map(() => {
      const order = shownRows(shown).map(({ name }) => name);
      shown = typing(shown, ['s']);
      expect(shown.selected).toBe('/svc/b');
      return order.join('');
    });
    expect(orders).toEqual(['abc', 'bca', 'bac', 'cab', 'bca', 'cab']);
    expect(shown.sort).toBe('name');
  });
});

describe('more services than lines', () => {
  const long = monitor(many(200), [24, 80]);
  const names = (shown: Monitor): readonly string[] =>
    textOf(shown).flatMap((line) => /^[> ] (s\d+)/.exec(line)?.[1] ?? []);

  it('scroll with the selection', () => {
    expect(names(long)[0]).toBe('s000');
    const height = names(long).length;
    const down = typing(
      long,
      Array.from({ length: height }, () => 'j'),
    );
    expect([names(down)[0], names(down).at(-1)]).toEqual(['s001', `s${String(height).padStart(3, '0')}`]);
    expect(names(typing(long, ['end'])).at(-1)).toBe('s199');
    expect(names(typing(long, ['end', 'home']))[0]).toBe('s000');
    expect(names(typing(down, ['k']))[0]).toBe('s001');
  });

  it('keep the selection on the screen when it becomes smaller, and when they become fewer', () => {
    const small = resized(typing(long, ['page down', 'page down']), [8, 80]);
    expect(textOf(small).some((line) => line.startsWith('> '))).toBe(true);
    expect(textOf(withRows(typing(long, ['j']), many(1))).at(-1)).toBe('s001 is gone');
    const few = withRows(typing(long, ['end']), many(3));
    expect(few.selected).toBe('/svc/s002');
    expect(names(few)).toHaveLength(3);
  });
});

describe('a page', () => {
  const lines = Array.from({ length: 100 }, (_, at) => `line ${at}`);
  const start = monitor([row('a')], [12, 80]);

  it('scrolls, and is left by q, Escape or Enter', () => {
    const open = showPage(start, { kind: 'why', title: 'why: a', lines });
    expect(textOf(open).slice(0, 2)).toEqual(['why: a', 'line 0']);
    expect(textOf(typing(open, ['j', 'page down']))[1]).toBe('line 11');
    expect(textOf(typing(open, ['G']))[10]).toBe('line 99');
    expect(textOf(typing(open, ['G', 'g']))[1]).toBe('line 0');
    for (const key of ['q', 'escape', 'enter']) expect(typing(open, [key]).page).toBe(null);
    expect(press(open, 'u')).toEqual({ monitor: open, action: null });
  });

  it('of a log begins at its end, and stays there only if it was', () => {
    const log = (shown: Monitor, count: number): Monitor =>
      showPage(shown, { kind: 'logs', title: 'log: a', lines: lines.slice(0, count) });
    const open = log(start, 50);
    expect(textOf(open)[10]).toBe('line 49');
    expect(textOf(log(open, 60))[10]).toBe('line 59');
    const up = typing(open, ['k', 'k']);
    expect(textOf(log(up, 60))[10]).toBe('line 47');
    const why = showPage(up, { kind: 'why', title: 'why', lines });
    expect(textOf(showPage(typing(why, ['j']), { kind: 'why', title: 'why', lines }))[1]).toBe('line 1');
  });

  it('is cut to the screen when that becomes smaller or larger', () => {
    const open = typing(showPage(start, { kind: 'why', title: 'why: a', lines }), ['G']);
    expect(textOf(resized(open, [50, 80])).slice(-2)[0]).toBe('line 99');
    expect(textOf(resized(open, [2, 80]))).toHaveLength(2);
  });
});

/** Numbers from a seed: the same ones every time. */
const dice = (seed: number): ((sides: number) => number) => {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
};

const KEYS = ['up', 'down', 'page up', 'page down', 'home', 'end', 'enter', 'escape', 'backspace', 'redraw', 'delete'];
const PIECES = [
  'a',
  'web',
  '\x1b[2J',
  '\n',
  '\xff',
  '\xe6\x97\xa5',
  'e\xcc\x81',
  '\xe2\x80\xae',
  '\xc2\x9b',
  '\t',
  '\0',
];

describe('whatever the names, the keys and the size', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))('the frame fits and is safe, seed %d', (seed) => {
    const roll = dice(seed);
    const any = (): string => Array.from({ length: roll(12) }, () => PIECES[roll(PIECES.length)]).join('');
    const rows = (): readonly Row[] =>
      Array.from({ length: roll(40) }, (_, at) =>
        row(any(), {
          key: `${at}`,
          condition: CONDITIONS[roll(CONDITIONS.length)] ?? 'down',
          pid: roll(3) * 4_000_000,
          lastEnd: any(),
          sinceMs: roll(2) === 0 ? null : NOW_MS - roll(1e9),
        }),
      );
    const steps: readonly ((shown: Monitor) => Monitor)[] = [
      (shown) => resized(shown, [1 + roll(60), 1 + roll(140)]),
      (shown) => withRows(shown, rows()),
      (shown) => ({ ...shown, message: any(), title: any(), log: { title: any(), lines: [any(), any()] } }),
      (shown) => showPage(shown, { kind: 'logs', title: any(), lines: Array.from({ length: roll(90) }, any) }),
      (shown) => typing(shown, [KEYS[roll(KEYS.length)] ?? 'up', String.fromCharCode(roll(256))]),
      (shown) => typing(shown, [String.fromCharCode(32 + roll(96))]),
    ];
    let shown = monitor(rows());
    for (let step = 0; step < 60; step++) {
      shown = (steps[roll(steps.length)] as (typeof steps)[0])(shown);
      const [height, width] = shown.size;
      const lines = frameOf(shown, NOW_MS);
      expect(lines).toHaveLength(height);
      for (const { spans } of lines) {
        const text = spans.map((span) => span.text).join('');
        expect(spans.reduce((sum, span) => sum + span.width, 0)).toBeLessThanOrEqual(width);
        expect(/[\0-\x1f\x7f]|\xc2[\x80-\x9f]/.test(text), JSON.stringify(text)).toBe(false);
      }
      const isShown = shownRows(shown).some(({ key }) => key === shown.selected);
      expect(isShown || shownRows(shown).length === 0).toBe(true);
    }
  });
});
