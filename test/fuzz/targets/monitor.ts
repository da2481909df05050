// What reaches the terminal of `sv monitor`: any bytes as keys, any names, log lines and sizes.
import { frameOf } from '../../../src/client/monitor/frame.ts';
import { keysIn } from '../../../src/client/monitor/keys.ts';
import { type Monitor, newMonitor, press, resized, showPage, withRows } from '../../../src/client/monitor/model.ts';
import { draw } from '../../../src/client/monitor/screen.ts';
import { fitColumns } from '../../../src/formats/columns.ts';
import { CONDITIONS } from '../../../src/formats/condition.ts';
import { insist, type Target } from '../model.ts';

const NOW_MS = 1_800_000_000_000;
const KEYS_MOST = 40;
const CONTROLS = /[\0-\x1f\x7f]|\xc2[\x80-\x9f]/;
const OURS = /\x1b\[[0-9;]*[HGmK]/g;

const insistSafe = (text: string): void => {
  insist(!CONTROLS.test(text), 'no control character reaches a terminal');
  new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
};

const insistFrame = (monitor: Monitor): void => {
  const [rows, columns] = monitor.size;
  const lines = frameOf(monitor, NOW_MS);
  insist(lines.length === rows, 'as many lines as the terminal has');
  for (const { spans } of lines) {
    insist(spans.reduce((sum, { width }) => sum + width, 0) <= columns, 'no line is wider than the terminal');
    for (const { text, width } of spans) {
      insistSafe(text);
      insist(fitColumns(text, columns).width === width, 'a piece is as wide as it says');
    }
  }
  insistSafe(draw(lines, columns, true, []).bytes.replace(OURS, ''));
};

/** The first two bytes are the size, the first line the keys, the others names and log lines. */
export const monitorScreen: Target = {
  name: 'monitor',
  files: /src\/(client\/monitor\/(keys|model|frame|table|screen)|formats\/columns)\.ts$/,
  words: [
    ...['\x1b[A', '\x1b[B', '\x1b[5~', '\x1b[6~', '\x1bOH', '\x1b', '/', 's', 'K', 'y', '?', 'G', '\r', '\x7f', 'q'],
    ...['\n', '\xe6\x97\xa5', 'e\xcc\x81', '\xe2\x80\xae', '\xf0\x9f\x98\x80', '\xc2\x9b', '\x1b[2J'],
  ],
  longest: 2000,
  seeds: ['\x18\x50jjk/we\rsK\nweb\ndb\nlog', '\x05\x10?G\x1b[6~q\nn\xc3\xa4me\n\xe6\x97\xa5\xe6\x9c\xac'],
  run(input) {
    const size = [1 + (input.charCodeAt(0) % 60 || 0), 1 + (input.charCodeAt(1) % 200 || 0)] as const;
    const [typed = '', ...names] = input.slice(2).split('\n');
    const rows = names.map((name, at) => ({
      key: String(at),
      name,
      condition: CONDITIONS[at % CONDITIONS.length] ?? 'down',
      pid: at,
      sinceMs: at % 2 === 0 ? null : NOW_MS - at * 1e6,
      cpu: at % 3 === 0 ? null : at * 7.3,
      memoryBytes: at % 3 === 0 ? null : at * 1e6,
      processes: at,
      starts: null,
      lastEnd: name,
    }));
    const start = { ...newMonitor(names[0] ?? ''), log: { title: typed, lines: names }, message: typed };
    let monitor = withRows(resized(start, size), rows);
    insistFrame(monitor);
    for (const key of keysIn(typed, true).keys.slice(0, KEYS_MOST)) {
      const { monitor: next, action } = press(monitor, key);
      const opens = action?.kind === 'open';
      monitor = opens ? showPage(next, { kind: action.page, title: typed, lines: names }) : next;
      insistFrame(monitor);
    }
  },
};
