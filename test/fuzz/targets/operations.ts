// What sv reads beside runit's status: state.json, history.jsonl, patterns over names, Procfiles and the stamps of log lines.
import { NEW_STATE, decodeState, encodeState, STATE_MAX } from '../../../src/formats/state.ts';
import { decodeHistory, HISTORY_MAX, LINE_MAX, newestHalf } from '../../../src/formats/history.ts';
import { encodeJson, type Json, plainText, validUtf8 } from '../../../src/formats/json.ts';
import { mergeLines, stampIn } from '../../../src/formats/log-stamp.ts';
import { matcher } from '../../../src/formats/pattern.ts';
import { decodeProcfile } from '../../../src/formats/procfile.ts';
import { shellWord } from '../../../src/formats/shell-words.ts';
import { type Snapshot, snapshotJson } from '../../../src/formats/snapshot.ts';
import type { Status } from '../../../src/formats/status.ts';
import { eventText, timeOfDay } from '../../../src/client/render-event.ts';
import { listText } from '../../../src/client/render-list.ts';
import { whyText } from '../../../src/client/render-why.ts';
import { insist, same, type Target } from '../model.ts';

const nowMs = 1_800_000_000_000;
const UP: Status = { sec: 1_800_000_000, nsec: 0, pid: 77, paused: false, want: 'up', gotTerm: false, phase: 'run' };
const DOWN: Status = { ...UP, pid: 0, want: 'down', phase: 'down' };
const CONTROLS = /[\0-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/;

const insistPlain = (text: string): void => {
  insist(!CONTROLS.test(text), 'no control character reaches a terminal');
  insist(!/[^\0-\xff]/.test(text), 'a text is bytes');
};

const insistJson = (value: Json): void => {
  const text = encodeJson(value);
  insistPlain(text);
  const utf8 = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  JSON.parse(utf8);
};

const MEMBERS = ['"pid":77', '"by":"fd"', '"ready":true', '"ready_at":"2027-01-15T08:00:00.000Z"', '"waiting":["a"]'];

export const state: Target = {
  name: 'state.json',
  files: /src\/(formats\/(state|condition|snapshot|json|moment|span)|client\/render-(list|why))\.ts$/,
  words: [
    ...MEMBERS,
    '"last":{"at":"',
    '"oom":"possible"',
    '"outcome":"failed"',
    '"next":"',
    'null',
    ',',
    '\\u001b',
    '\xc2\x9b',
    '-1',
  ],
  longest: STATE_MAX,
  seeds: [encodeState(NEW_STATE), encodeState({ ...NEW_STATE, pid: 77, by: 'fd', ready: true }), `{${MEMBERS.join()}}`],
  run(input) {
    const found = decodeState(input);
    if (found === null) return;
    const once = encodeState(found);
    insist(once.endsWith('}\n') && !once.slice(0, -1).includes('\n'), 'a state is one line');
    const again = decodeState(once);
    if (again === null) throw new Error('what was written is not read');
    same(encodeState(again), once, 'once more');
    for (const status of [UP, DOWN]) {
      const main = { status, state: found };
      const snapshot: Snapshot = {
        name: 'a',
        directory: '/a',
        main,
        error: null,
        normallyUp: true,
        log: main,
        usage: null,
      };
      insistJson(snapshotJson(snapshot, nowMs));
      insistPlain(listText([snapshot], { nowMs, width: 60, colour: false }));
      const awaited = found.waiting.map((name) => ({ name, condition: 'down' as const }));
      insistPlain(whyText({ snapshot, history: null, log: null, awaited, nowMs }));
    }
  },
};

const EVENT = '{"at":"2027-01-15T08:00:00.000Z","n":1,"event":"started","pid":77}\n';

export const history: Target = {
  name: 'history.jsonl',
  files: /src\/(formats\/(history|json)|client\/render-event)\.ts$/,
  words: [
    EVENT,
    '"event":"ended"',
    '"event":"waiting"',
    '"why":"dependency"',
    '"for":[',
    '"code":',
    '"signal":"KILL"',
    '"ran":',
    '"lost":',
    '\n',
    '\\u001b',
    '[',
    '\xc2\x9b',
  ],
  longest: 2 * HISTORY_MAX,
  seeds: [
    EVENT.repeat(3),
    EVENT.replace('started', 'ended').replace('"pid":77', '"code":111,"ran":0.2,"cause":"exit"'),
    `${EVENT}{`,
  ],
  run(input) {
    const events = decodeHistory(input);
    for (const { at, event, members } of events) {
      insist(JSON.stringify(members).length <= 6 * LINE_MAX, 'a line is short');
      insistPlain(eventText({ event, members }) + timeOfDay(at));
      insistJson(members as Json);
    }
    const half = newestHalf(input);
    insist(
      half.length <= Math.max(HISTORY_MAX / 2, 0) && input.endsWith(half),
      'the newest half is the end, and no more',
    );
    const kept = decodeHistory(half);
    same(kept, events.slice(events.length - kept.length), 'whole lines are kept');
  },
};

/** A matcher that tries everything: for short patterns. */
const slowly = (pattern: string, name: string): boolean => {
  if (pattern === '') return name === '';
  const [first = '', rest] = [pattern[0], pattern.slice(1)];
  if (first === '*') return slowly(rest, name) || (name !== '' && slowly(pattern, name.slice(1)));
  if (first === '?') return name !== '' && slowly(rest, name.slice(1));
  return name[0] === first && slowly(rest, name.slice(1));
};
const SLOW_MOST = 12;

/** The first line is the pattern, the others are names. */
export const namePatterns: Target = {
  name: 'patterns over names',
  files: /src\/formats\/pattern\.ts$/,
  words: ['*', '?', '[a-z]', '[!', '[^', ']', '-', '\n', '.'],
  longest: 400,
  seeds: ['*\nweb\n.hidden', 'web@[0-9]\nweb@1\nweb@x', '[!a]?*b\nbcb\nabb', '[]a]\n]', '[a\n[a'],
  run(input) {
    const [pattern = '', ...names] = input.split('\n');
    const matches = matcher(pattern);
    for (const name of names) {
      const found = matches(name);
      insist(!found || name[0] !== '.' || pattern[0] === '.', 'a wildcard takes no dot in front');
      if (pattern.includes('[') || pattern.length > SLOW_MOST || name.length > SLOW_MOST) continue;
      same(found, (name[0] !== '.' || pattern[0] === '.') && slowly(pattern, name), 'the slow matcher');
    }
    if (/^[^*?[]+$/.test(pattern)) insist(matches(pattern), 'a plain name is itself');
  },
};

/** What sh makes of quoted words, as far as shellWord writes them. */
const unquoted = (word: string): string =>
  word.replace(/'([^']*)'|\\(.)/gs, (_, quoted?: string, one?: string) => quoted ?? one ?? '');

export const procfile: Target = {
  name: 'Procfile',
  files: /src\/formats\/(procfile|shell-words)\.ts$/,
  words: ['web: ', '\r\n', '\n', ':', "'", '\\', '#', ' ', '$(x)', '`'],
  longest: 2000,
  seeds: ["web: bundle exec rails -p $PORT\n# no\nworker: echo 'a'\r\n", 'a:b', ' a: b\nc :d'],
  run(input) {
    for (const { name, command } of decodeProcfile(input)) {
      insist(/^[\w-]+$/.test(name), 'a name is one of a directory');
      insist(command !== '' || input.includes(`${name}:`), 'a command stands behind its name');
      insist(!command.includes('\n'), 'a command is one line');
    }
    const word = shellWord(input);
    same(unquoted(word), input, 'sh takes one word');
    insist(/^[\w@%+=:,./-]+$/.test(word) || /^('[^']*'|\\')+$/.test(word), 'nothing stands outside quotes');
  },
};

export const logStamps: Target = {
  name: 'stamps of log lines',
  files: /src\/formats\/(log-stamp|moment|stamp)\.ts$/,
  words: [
    '@400000006b49d20a00000000 ',
    '2027-01-15_08:00:01.00000 ',
    '2027-01-15T08:00:01.00000 ',
    '\n',
    '@4',
    'ffffffff',
    '99',
    '0000',
  ],
  longest: 1000,
  seeds: [
    '@400000006b49d20a1dcd6500 a\n2027-01-15_08:00:01.00000 b',
    '2027-01-15T08:00:01.123456789 c\nno stamp',
    '2027-01-15 08:00:01.5 d',
  ],
  run(input) {
    const lines = input.split('\n').map((line) => ({ line }));
    for (const { line } of lines) {
      const found = stampIn(line);
      if (found === null) continue;
      insist(Number.isFinite(found.ms), 'a stamp is a time');
      insist(line.endsWith(found.text), 'the text is the end of the line');
    }
    const half = lines.length >> 1;
    const merged = mergeLines([lines.slice(0, half), lines.slice(half)]);
    const sorted = (all: readonly { readonly line: string }[]): readonly string[] => all.map(({ line }) => line).sort();
    same(sorted(merged), sorted(lines), 'no line is lost');
    const times = merged.map(({ line }) => stampIn(line)?.ms);
    if (times.every((ms) => ms !== undefined)) {
      insist(
        times.every((ms, at) => at === 0 || (times[at - 1] as number) <= (ms as number)),
        'in the order of time',
      );
    }
    insist(validUtf8(plainText(input, 100)).length <= 100, 'a plain text is no longer than asked');
  },
};
