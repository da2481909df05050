import { describe, expect, it } from 'vitest';
import type { Status } from '../../../../src/formats/status.ts';
import {
  needsPriorStatus,
  expectsProcess,
  judge,
  type Baseline,
  type WaitCondition,
} from '../../../../src/machine/client/wait-conditions.ts';

const SENT = { sec: 1000, nsec: 500_000_123 };

/** A service that has been up since before the command. */
const before: Status = {
  sec: 1000,
  nsec: 400_000_500,
  pid: 42,
  paused: false,
  want: 'up',
  gotTerm: false,
  phase: 'run',
};

const later = { sec: 1000, nsec: 600_000_500 };
const baseline: Baseline = { before, at: SENT };
const down: Status = { ...before, ...later, pid: 0, phase: 'down' };

type Row = readonly [string, Partial<Status>, 'yes' | 'no' | 'check'];

const answerTo = (condition: WaitCondition, change: Partial<Status>, given = baseline): string =>
  judge([condition], { ...before, ...change }, given);

const table = (condition: WaitCondition, rows: readonly Row[]): void => {
  it.each(rows)(`${condition}: %s`, (_title, change, answer) => {
    expect(answerTo(condition, change)).toBe(answer);
  });
};

describe('a command has had its effect', () => {
  table('up', [
    ['a running service that is wanted up needs only ./check', {}, 'check'],
    ['one that got TERM and has not died is still up', { gotTerm: true }, 'check'],
    ['one that is not wanted up yet has not read the command', { want: 'down' }, 'no'],
    ['one in finish is not up', { phase: 'finish' }, 'no'],
    ['one that is down is not up', { pid: 0, phase: 'down' }, 'no'],
  ]);

  table('down', [
    ['a service without process that is wanted down is down', { pid: 0, phase: 'down', want: 'down' }, 'yes'],
    ['one that waits to be started again has not obeyed', { pid: 0, phase: 'down' }, 'no'],
    ['one in finish is not down', { phase: 'finish', want: 'down' }, 'no'],
    ['one whose process lives is not down', { want: 'down', gotTerm: true }, 'no'],
    ['one between run and finish is not down', { pid: 0, phase: 'finish', want: 'down' }, 'no'],
  ]);

  table('replaced', [
    ['the process that was there before is no new one', {}, 'no'],
    ['a newer one is, if ./check says so', { ...later, pid: 43 }, 'check'],
    ['a newer one that got TERM is about to go', { ...later, pid: 43, gotTerm: true }, 'no'],
    ['a service that is down and wanted down has nothing to replace', { pid: 0, phase: 'down', want: 'down' }, 'yes'],
    ['one that is down and wanted up is awaited', { pid: 0, phase: 'down' }, 'no'],
    ['one that started between the look before and the baseline does not count', { nsec: 450_000_500 }, 'no'],
    [
      'C cuts its clock to microseconds: one that looks 123 ns older than the command counts',
      { nsec: 500_000_000 },
      'check',
    ],
    ['one from a second before does not', { sec: 999, nsec: 900_000_500 }, 'no'],
  ]);

  table('once', [
    ['a process that is not wanted again was started once', { want: 'down' }, 'yes'],
    ['a process that is wanted up has not read the command', {}, 'no'],
    ['one that has come and gone since was started once', { ...down }, 'yes'],
    ['one that has been down since before was not', { pid: 0, phase: 'down' }, 'no'],
  ]);

  table('paused', [
    ['a paused process is', { paused: true }, 'yes'],
    ['one that runs is not', {}, 'no'],
    ['no process needs no pause', { pid: 0 }, 'yes'],
  ]);

  table('continued', [
    ['a process that runs is', {}, 'yes'],
    ['a paused one is not', { paused: true }, 'no'],
    ['no process needs none', { pid: 0, paused: true }, 'yes'],
  ]);

  table('wanted', [
    ['up where up is wanted', {}, 'check'],
    ['not down where up is wanted', { pid: 0, phase: 'down' }, 'no'],
    ['down where down is wanted', { pid: 0, phase: 'down', want: 'down' }, 'yes'],
    ['not up where down is wanted', { want: 'down' }, 'no'],
  ]);

  table('sent', [['at once, whatever the state', { pid: 0, phase: 'down' }, 'yes']]);
  table('gone', [['never by what status says', { pid: 0, phase: 'down', want: 'down' }, 'no']]);
});

describe('several conditions', () => {
  const conditions: readonly WaitCondition[] = ['replaced', 'continued', 'up'];

  it('hold when all of them hold', () => {
    expect(judge(conditions, { ...before, ...later }, baseline)).toBe('check');
    expect(judge(['continued', 'sent'], before, baseline)).toBe('yes');
  });

  it('do not hold when one does not', () => {
    expect(judge(conditions, { ...before, ...later, paused: true }, baseline)).toBe('no');
    expect(judge(conditions, before, baseline)).toBe('no');
  });
});

describe('a clock that was set back since the command', () => {
  const setBack: Baseline = { before, at: null };
  const hourAgo = { sec: before.sec - 3600, nsec: 1 };

  it('does not hide a new process', () => {
    expect(answerTo('replaced', hourAgo, setBack)).toBe('check');
  });

  it('does not make a new one of the old', () => {
    expect(answerTo('replaced', {}, setBack)).toBe('no');
  });

  it('proves nothing where the state before is not known', () => {
    expect(answerTo('replaced', hourAgo, { before: null, at: null })).toBe('no');
  });
});

describe('a state before that is not known', () => {
  const unknown: Baseline = { before: null, at: SENT };

  it('leaves the time to decide', () => {
    expect(answerTo('replaced', {}, unknown)).toBe('no');
    expect(answerTo('replaced', later, unknown)).toBe('check');
    expect(answerTo('replaced', { sec: 1001, nsec: 0 }, unknown)).toBe('check');
  });
});

describe('looking back', () => {
  it('is what only the conditions about a new process do', () => {
    const conditions: readonly WaitCondition[] = [
      'up',
      'down',
      'gone',
      'replaced',
      'once',
      'paused',
      'continued',
      'wanted',
      'sent',
    ];
    expect(conditions.filter(needsPriorStatus)).toEqual(['replaced', 'once']);
  });

  it('is no matter of looking for a process that is up', () => {
    const conditions: readonly WaitCondition[] = ['up', 'down', 'gone', 'replaced', 'once', 'wanted', 'sent'];
    expect(conditions.filter(expectsProcess)).toEqual(['up', 'replaced', 'wanted']);
  });
});
