// The record of events that the service programs write: `LABEL WORD... pid=N at=SECONDS`, one a line.
//
// Promises: times are seconds since the machine started, to the centisecond, as /proc/uptime has them.
// Read next: ../fixtures/services (who writes it).

import { readFileSync } from 'node:fs';

export interface RecordedEvent {
  /** The line without pid and time. */
  readonly text: string;
  readonly pid: number;
  /** Seconds since the machine started. */
  readonly at: number;
}

export function parseRecord(text: string): readonly RecordedEvent[] {
  return text.split('\n').slice(0, -1).map(parseLine);
}

function parseLine(line: string): RecordedEvent {
  const parts = /^(.*?) *(?: pid=(\d+))?(?: at=([\d.]+))?$/.exec(line);
  return { text: parts?.[1] ?? line, pid: Number(parts?.[2] ?? 0), at: Number(parts?.[3] ?? 0) };
}

/** The clock that events are stamped by. */
export function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
}

/** The gaps between events, in seconds. */
export function gaps(events: readonly RecordedEvent[]): readonly number[] {
  return events.slice(1).map((event, index) => event.at - (events[index]?.at ?? 0));
}
