// `sv metrics`: all services as Prometheus text, on standard output, into a file for the textfile collector, or over HTTP.
//
// Promises: the file is replaced whole or stays as it is. Over HTTP there is nothing but the metrics. With --every or --listen
// it runs until INT, TERM or HUP, and ends with 0. Read next: ../../formats/metrics.ts, ../../client/http-server.ts.
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { VERSION } from '../../cli/version.ts';
import { newAsking, snapshotsLike } from '../../client/snapshots.ts';
import { type Pages, serve } from '../../client/http-server.ts';
import { listenAt, type Listener } from '../../client/listen.ts';
import { lookup } from '../../client/service.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { O_CREAT, O_EXCL, O_WRONLY } from '../../abi/flags.ts';
import { SIGHUP, SIGINT, SIGPIPE, SIGTERM } from '../../abi/signals.ts';
import { type Loop, newLoop, newTimer, setTimer, turn } from '../../effects/loop.ts';
import { wholeNumber } from '../../formats/decimal.ts';
import { plainReply, type Reply } from '../../formats/http-reply.ts';
import { metricsText } from '../../formats/metrics.ts';
import { isParseError } from '../../formats/parse-error.ts';
import { parseListenAddress } from '../../formats/socket-address.ts';
import { isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import type { Call } from './tool.ts';

const MODE = 0o644;
const USAGE_CODE = 100;
const MOST_SECONDS = 86_400;

const fail = (what: Bytes, errno: number): number => {
  err(`sv: ${what}: ${errorText(errno)}\n`);
  return 1;
};

/** 0, or the errno of what was refused; nothing is left then. */
const replace = (path: Bytes, text: Bytes): number => {
  const made = `${path}.${sys.getpid()}`;
  // of one that was killed: in a container numbers come again soon
  sys.unlink(made);
  const fd = sys.open(made, O_WRONLY | O_CREAT | O_EXCL, MODE);
  if (isErrno(fd)) return fd;
  let rest = text;
  let written = 0;
  while (rest !== '' && written >= 0) {
    written = sys.write(fd, rest);
    rest = rest.slice(Math.max(0, written));
  }
  sys.close(fd);
  const done = written < 0 ? written : sys.rename(made, path);
  if (done < 0) sys.unlink(made);
  return Math.min(0, done);
};

/** The text; a number is the errno of the scan directory. */
const textOf = (patterns: readonly Bytes[]): Bytes | number => {
  const snapshots = snapshotsLike(patterns, newAsking(true, true));
  return typeof snapshots === 'number' ? snapshots : metricsText(snapshots, VERSION);
};

/** What was refused. */
interface Refusal {
  readonly what: Bytes;
  readonly errno: number;
}

const told = ({ what, errno }: Refusal): number => fail(what, errno);
const unreadable = (errno: number): Refusal => ({ what: `unable to read ${visible(lookup().dir)}`, errno });

const writeFile = (patterns: readonly Bytes[], path: Bytes): Refusal | null => {
  const text = textOf(patterns);
  if (typeof text === 'number') return unreadable(text);
  const errno = replace(path, text);
  return errno < 0 ? { what: `unable to replace ${visible(path)}`, errno } : null;
};

const print = (patterns: readonly Bytes[]): number => {
  const text = textOf(patterns);
  if (typeof text === 'number') return told(unreadable(text));
  return out(text) ? 0 : 1;
};

const metricsPage = (patterns: readonly Bytes[]): Reply => {
  const body = textOf(patterns);
  if (typeof body !== 'number') return { status: 200, type: 'text/plain; version=0.0.4', body };
  told(unreadable(body));
  return plainReply(500);
};

const pagesOf =
  (patterns: readonly Bytes[]): Pages =>
  (path) => {
    if (path === '/metrics') return metricsPage(patterns);
    return path === '/-/healthy' ? plainReply(200) : null;
  };

/** Writes the file every so many milliseconds, the first time being over. */
const repeat = (loop: Loop, everyMs: number, act: () => void): void => {
  let dueMs = monotonicMs();
  const again = (nowMs: number): void => {
    // a machine that slept does not catch up
    dueMs = Math.max(dueMs + everyMs, nowMs);
    setTimer(loop, timer, dueMs);
  };
  const timer = newTimer((nowMs) => {
    again(nowMs);
    act();
  });
  again(dueMs);
};

interface Task {
  readonly patterns: readonly Bytes[];
  readonly path: Bytes;
  /** null: the file is not written again. */
  readonly everyMs: number | null;
  readonly listener: Listener | null;
}

const run = ({ patterns, path, everyMs, listener }: Task): number => {
  let ends = false;
  // a client that goes away gives SIGPIPE, which must not end us
  const signals = sys.catchSignals([SIGHUP, SIGINT, SIGTERM, SIGPIPE]);
  if (isErrno(signals)) return fail('unable to catch signals', signals);
  const loop = newLoop(signals, (came) => {
    ends ||= came.some((signal) => signal !== SIGPIPE);
  });
  let warned = false;
  const again = (): void => {
    const refusal = writeFile(patterns, path);
    if (refusal !== null && !warned) told(refusal);
    warned = refusal !== null;
  };
  if (everyMs !== null) repeat(loop, everyMs, again);
  if (listener !== null) {
    serve(loop, listener.fd, pagesOf(patterns), (errno) => void fail('unable to accept a connection', errno));
  }
  while (!ends) turn(loop, null);
  listener?.end();
  return 0;
};

const wrong = (line: Bytes): number => {
  err(`sv: ${line}\n`);
  return USAGE_CODE;
};

export const runMetrics = ({ given, operands }: Call): number => {
  const [path, every, at] = [given.last('output'), given.last('every'), given.last('listen')];
  const seconds = every === undefined ? null : wholeNumber(every, MOST_SECONDS);
  if (every !== undefined && !seconds) {
    return wrong(`--every: expected seconds from 1 to ${MOST_SECONDS}, got '${visible(every)}'`);
  }
  if (every !== undefined && path === undefined) return wrong('--every: expected --output with it');
  const address = at === undefined ? null : parseListenAddress(at);
  if (isParseError(address)) return wrong(`--listen: ${visible(address.wrong)}`);
  const listener = address === null ? null : listenAt(address);
  if (typeof listener === 'string') {
    err(`sv: unable to listen on ${visible(at ?? '')}: ${listener}\n`);
    return 1;
  }
  const refusal = path === undefined ? null : writeFile(operands, path);
  if (refusal !== null) told(refusal);
  const goesOn = refusal === null && (seconds !== null || listener !== null);
  if (goesOn) return run({ patterns: operands, path: path ?? '', everyMs: seconds && seconds * 1000, listener });
  listener?.end();
  if (path === undefined) return print(operands);
  return refusal === null ? 0 : 1;
};
