// Whether a table that compares programs says what was seen.
import { describe, expect, it } from 'vitest';
import { tableFaults } from '../../docs/peers.ts';

const ROWS = [
  '| | runitbox | C runit | s6 | supervisord | tini |',
  '|---|---|---|---|---|---|',
  '| starts several services | yes | yes | yes | yes | no |',
  '| TERM: every service ends before the container does | yes | yes | yes | yes | yes |',
  '| adopts orphans and reaps them | yes | yes | yes | yes | yes |',
  '| a service survives the death of its supervisor | yes | yes | yes | yes | yes |',
  '| works in an image without any other file | yes | yes | yes | yes | yes |',
];
const PEERS = ['ours', 'c', 's6', 'supervisord', 'tini'];
const QUESTIONS = ['several', 'stop', 'reap', 'survive', 'alone'];

const seen = new Map<string, string>(
  PEERS.flatMap((peer) => QUESTIONS.map((question) => [`${peer} ${question}`, 'yes'] as const)),
);
seen.set('tini several', 'no');

describe('a table of supervisors', () => {
  it('is right where each cell is what was seen', () => {
    expect(tableFaults(ROWS.join('\n'), seen)).toEqual([]);
  });

  it('is wrong where a cell, a row or an answer is', () => {
    const other = new Map([...seen, ['c stop', 'no']]);
    other.delete('s6 alone');
    expect(tableFaults(ROWS.filter((row) => !row.includes('orphans')).join('\n'), other)).toEqual([
      'TERM: every service ends before the container does, C runit: the table says yes, the machine no',
      ...['runitbox', 'C runit', 's6', 'supervisord', 'tini'].map(
        (column) => `adopts orphans and reaps them, ${column}: the table says nothing, the machine yes`,
      ),
      'works in an image without any other file, s6: the table says yes, the machine nothing',
    ]);
  });
});
