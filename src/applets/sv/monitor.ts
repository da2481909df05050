// `sv monitor`: the table of services, kept live, with keys for commands.
//
// Promises: the terminal is as it was before, however this ends; where there is no terminal it prints `sv list` once. Woken
// by changes, by keys, and once a second for what nothing tells: processor time, memory, the log of the selected service.
// Read next: ../../client/monitor/model.ts (what keys do), ../../client/monitor/frame.ts (how it looks).
import { EAGAIN } from '../../abi/errno.ts';
import { POLLIN } from '../../abi/flags.ts';
import { SIGCONT, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP, SIGWINCH } from '../../abi/signals.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { out } from '../../cli/say.ts';
import { frameOf } from '../../client/monitor/frame.ts';
import { keysIn } from '../../client/monitor/keys.ts';
import {
  type Action,
  logHeight,
  type Monitor,
  newMonitor,
  type Page,
  press,
  resized,
  type Row,
  selectedRow,
  shownRows,
  showPage,
  tableHeight,
  withRows,
} from '../../client/monitor/model.ts';
import { rowOf } from '../../client/monitor/rows.ts';
import { CLEAR, draw, ENTER, LEAVE } from '../../client/monitor/screen.ts';
import { measure, type Meter, newEverything, type Used } from '../../client/monitor/usage.ts';
import { troubleLine } from '../../client/render-line.ts';
import { sendAll } from '../../client/send-all.ts';
import { lookup, type Service, variable } from '../../client/service.ts';
import { servicesLike } from '../../client/snapshots.ts';
import { beginWatching, type Watching, waitForHappenings } from '../../client/watch.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { monotonicMs, nowMs } from '../../host/clock.ts';
import type { Watch } from '../../host/loop.ts';
import { sys } from '../../host/sys.ts';
import { commandFor } from './commands.ts';
import { runList } from './list.ts';
import { pageOf, tailFor } from './pages.ts';
import { isTerminal } from './terminal.ts';
import type { Call } from './tool.ts';

const [STDIN, STDOUT] = [0 as Fd, 1 as Fd];
const SECOND_MS = 1000;
/** How long the rest of a key may take after its first byte. */
const KEY_MS = 50;
/** Changes within so long are shown together. */
const CHANGES_MS = 30;
const KEY_BYTES = 4096;
const ENDS: readonly number[] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE];

interface Session {
  readonly watching: Watching;
  readonly signals: Fd;
  readonly colour: boolean;
  readonly meter: Meter;
  /** What each service was last seen to use, by its directory. */
  used: ReadonlyMap<Bytes, Used | null>;
  monitor: Monitor;
  /** The service that the page is about. */
  pageRow: Row | null;
  /** What may be the beginning of a key. */
  typed: Bytes;
  /** When it is taken for a key itself, monotonic milliseconds. */
  keyDueMs: number;
  /** What the terminal shows. */
  drawn: readonly Bytes[];
  /** When to measure next, monotonic milliseconds. */
  dueMs: number;
  /** When changes are to be shown that came meanwhile. */
  changesDueMs: number;
  ends: boolean;
}

// ---- what is shown ----

const refreshRows = (session: Session): void => {
  session.changesDueMs = Number.POSITIVE_INFINITY;
  const ms = nowMs();
  const rows = [...session.watching.all.values()]
    .map(({ snapshot }) => rowOf(snapshot, session.used.get(snapshot.directory) ?? null, ms))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  session.monitor = withRows(session.monitor, rows);
};

/** Those that are on the screen; all where they are sorted by what is measured. */
const rowsToMeasure = ({ monitor }: Session): readonly Row[] => {
  const shown = shownRows(monitor);
  const byUsage = monitor.sort === 'cpu' || monitor.sort === 'memory';
  return byUsage ? shown : shown.slice(monitor.top, monitor.top + tableHeight(monitor));
};

const measureRows = (session: Session): void => {
  const everything = newEverything();
  const atMs = monotonicMs();
  const rows = rowsToMeasure(session).filter(({ pid }) => pid > 0);
  session.used = new Map(rows.map(({ key, pid }) => [key, measure(session.meter, key, pid, atMs, everything)]));
  for (const key of session.meter.keys()) if (!session.used.has(key)) session.meter.delete(key);
};

const refreshLog = (session: Session): void => {
  const row = selectedRow(session.monitor);
  const height = logHeight(session.monitor);
  const log = row === null || height === 0 ? { title: '', lines: [] } : tailFor(row, height - 1);
  session.monitor = { ...session.monitor, log };
};

const servicesOf = ({ watching }: Session): readonly Service[] =>
  [...watching.all.values()].map(({ service }) => service);

const refreshPage = (session: Session): void => {
  const { pageRow, monitor } = session;
  if (pageRow === null || monitor.page === null) return;
  const page = pageOf(monitor.page.kind, pageRow, servicesOf(session));
  if (page !== null) session.monitor = showPage(monitor, page);
};

const show = (session: Session): void => {
  const { lines, bytes } = draw(
    frameOf(session.monitor, nowMs()),
    session.monitor.size[1],
    session.colour,
    session.drawn,
  );
  session.drawn = lines;
  if (bytes !== '' && !out(bytes)) session.ends = true;
};

/** Takes the size of the terminal; the next picture is drawn whole. */
const fitTerminal = (session: Session): void => {
  const size = sys.windowSize(STDOUT);
  if (!isErrno(size) && size[0] > 0 && size[1] > 0) session.monitor = resized(session.monitor, size);
  session.drawn = [];
  out(CLEAR);
};

// ---- keys and signals ----

const openPage = (session: Session, kind: Page['kind'], row: Row): void => {
  const page = pageOf(kind, row, servicesOf(session));
  if (page === null) return;
  session.pageRow = row;
  session.monitor = showPage(session.monitor, page);
};

const sendVerb = (session: Session, verb: string, { name, key }: Row): void => {
  const command = commandFor(verb, false);
  if (command === undefined) return;
  const [failure] = sendAll(command, [{ name, dir: key }]).failures;
  const message = failure === undefined ? `${verb}: sent to ${name}` : troubleLine(name, failure.trouble);
  session.monitor = { ...session.monitor, message };
};

const carryOut = (session: Session, action: Action): void => {
  switch (action.kind) {
    case 'quit':
      session.ends = true;
      return;
    case 'redraw':
      fitTerminal(session);
      return;
    case 'send':
      sendVerb(session, action.verb, action.row);
      return;
    case 'open':
      openPage(session, action.page, action.row);
  }
};

const pressAll = (session: Session, isAll: boolean): void => {
  const { keys, rest } = keysIn(session.typed, isAll);
  session.typed = rest;
  session.keyDueMs = rest === '' ? Number.POSITIVE_INFINITY : monotonicMs() + KEY_MS;
  const before = session.monitor.selected;
  for (const key of keys) {
    const { monitor, action } = press(session.monitor, key);
    session.monitor = monitor;
    if (action !== null) carryOut(session, action);
    if (session.ends) return;
  }
  if (session.monitor.selected !== before) refreshLog(session);
};

const readKeys = (session: Session): void => {
  const bytes = sys.read(STDIN, KEY_BYTES);
  if (isErrno(bytes) && bytes === -EAGAIN) return;
  if (isErrno(bytes) || bytes === '') {
    session.ends = true;
    return;
  }
  session.typed += bytes;
  pressAll(session, false);
};

const enter = (session: Session): boolean => {
  if (isErrno(sys.rawMode(STDIN, 1)) || !out(ENTER)) return false;
  fitTerminal(session);
  return true;
};

const leave = (): void => {
  out(LEAVE);
  sys.rawMode(STDIN, 0);
};

/** As the shell wants it of a program that is to stop: the terminal is its own meanwhile. */
const stopForNow = (session: Session): void => {
  leave();
  sys.kill(sys.getpid(), SIGSTOP);
  session.ends = !enter(session);
};

const takeSignals = (session: Session): void => {
  const signals = sys.takeSignals();
  if (signals.some((signal) => ENDS.includes(signal))) session.ends = true;
  else if (signals.includes(SIGTSTP)) stopForNow(session);
  else if (signals.includes(SIGWINCH)) fitTerminal(session);
};

// ---- the loop ----

const tick = (session: Session): void => {
  session.dueMs = monotonicMs() + SECOND_MS;
  measureRows(session);
  refreshRows(session);
  refreshLog(session);
  refreshPage(session);
};

const loop = (session: Session): void => {
  const watches: readonly Watch[] = [
    { fd: session.signals, events: POLLIN, ready: () => takeSignals(session) },
    { fd: STDIN, events: POLLIN, ready: () => readKeys(session) },
  ];
  refreshRows(session);
  tick(session);
  while (!session.ends) {
    show(session);
    const untilMs = Math.min(session.dueMs, session.keyDueMs, session.changesDueMs);
    const happenings = waitForHappenings(session.watching, watches, untilMs);
    if (happenings.length > 0) session.changesDueMs = Math.min(session.changesDueMs, monotonicMs() + CHANGES_MS);
    if (monotonicMs() >= session.changesDueMs) refreshRows(session);
    // nothing came behind it: it is the key itself
    if (monotonicMs() >= session.keyDueMs) pressAll(session, true);
    if (monotonicMs() >= session.dueMs && !session.ends) tick(session);
  }
};

/** Whether keys come from a terminal, and the picture goes to one that can move its cursor. */
const canDraw = (): boolean => isTerminal() && !isErrno(sys.windowSize(STDIN)) && variable('TERM') !== 'dumb';

export const runMonitor = (call: Call): number => {
  const isReadable = typeof servicesLike(call.operands) !== 'number';
  if (!(isReadable && canDraw())) return runList(call);
  const signals = sys.catchSignals([...ENDS, SIGWINCH, SIGTSTP, SIGCONT]);
  if (isErrno(signals)) return 1;
  const session: Session = {
    watching: beginWatching(call.operands).watching,
    signals,
    colour: variable('NO_COLOR') === undefined,
    meter: new Map(),
    used: new Map(),
    monitor: newMonitor(lookup().dir),
    pageRow: null,
    typed: '',
    keyDueMs: Number.POSITIVE_INFINITY,
    drawn: [],
    dueMs: 0,
    changesDueMs: Number.POSITIVE_INFINITY,
    ends: false,
  };
  if (!enter(session)) return runList(call);
  try {
    loop(session);
  } finally {
    leave();
  }
  return 0;
};
