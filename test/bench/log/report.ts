// Rows of the logger benchmarks as text, and the judgement over them.
import { median } from '../statistics.ts';
import { LOGGERS, type LoggerName, type Verdict, ratioOf, isMet } from './model.ts';
import type { Row } from './throughput.ts';

const WIDTH = 15;

const speed = (row: Row, seconds: number): number => row.bytes / 1e6 / seconds;

const timesOf = (row: Row, name: LoggerName): readonly number[] => row.wall[name] ?? [];

/** MB/s of the median round, and of the best in brackets. */
const cell = (row: Row, name: LoggerName): string => {
  const times = timesOf(row, name);
  if (times.length === 0) return '-';
  return `${speed(row, median(times)).toFixed(0)} (${speed(row, Math.min(...times)).toFixed(0)})`;
};

export interface Peer {
  readonly name: LoggerName;
  readonly seconds: number;
}

/** The fastest of the others, by median. */
export const bestPeer = (row: Row): Peer | null => {
  const peers = LOGGERS.filter((name) => name !== 'ours' && timesOf(row, name).length > 0)
    .map((name) => ({ name, seconds: median(timesOf(row, name)) }))
    .sort((a, b) => a.seconds - b.seconds);
  return peers[0] ?? null;
};

/** Ours against the best of those that took part: at most 1 is ahead. */
export const verdictOf = (row: Row, limit: number): Verdict | null => {
  const peer = bestPeer(row);
  const ours = timesOf(row, 'ours');
  if (peer === null || ours.length === 0) return null;
  const name = `${row.length} bytes, ${row.work}, ${row.input}: time against ${peer.name}`;
  return { name, unit: 's', ours: median(ours), reference: peer.seconds, limit };
};

export const HEADER = `${'  MB/s: median (best)'.padEnd(26)}${LOGGERS.map((name) => name.padStart(WIDTH)).join('')}   ours / best peer`;

export const rowLine = (row: Row): string => {
  const head = `  ${String(row.length).padStart(4)} B ${row.work.padEnd(8)} ${row.input}`.padEnd(26);
  const verdict = verdictOf(row, 1);
  const tail = verdict === null ? bestPeer(row)?.name : `${(1 / ratioOf(verdict)).toFixed(2)} ${bestPeer(row)?.name}`;
  return `${head}${LOGGERS.map((name) => cell(row, name).padStart(WIDTH)).join('')}   ${tail ?? '-'}`;
};

/** Bytes a second of processor time: what a logger takes from its service. */
export const cpuLine = (row: Row): string => {
  const of = (name: LoggerName): string => {
    const times = row.cpu[name] ?? [];
    return times.length === 0 ? '-' : `${speed(row, median(times)).toFixed(0)}/cpu s`;
  };
  return `${''.padEnd(26)}${LOGGERS.map((name) => of(name).padStart(WIDTH)).join('')}`;
};

export const verdictLine = (verdict: Verdict, slack: number): string => {
  const wider = slack === 1 ? '' : ` x ${slack}`;
  const judged =
    verdict.limit === null ? '' : `<= ${verdict.limit}${wider}  ${isMet(verdict, slack) ? 'met' : 'NOT MET'}`;
  const unit = verdict.unit === '' ? '' : `, ${verdict.unit}`;
  const values = `C ${verdict.reference.toFixed(verdict.unit === 's' ? 3 : 1)}  ours ${verdict.ours.toFixed(verdict.unit === 's' ? 3 : 1)}`;
  return `  ${`${verdict.name}${unit}`.padEnd(52)}${values.padStart(28)}${ratioOf(verdict).toFixed(2).padStart(8)}  ${judged}`;
};
