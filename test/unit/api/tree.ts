// A scan directory without runsv for the module's tests: the files of supervise/ are written by the test.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { encodeEvent, type HistoryEvent } from '../../../src/formats/history.ts';
import { encodeState, NEW_STATE, type SupervisorState } from '../../../src/formats/state.ts';
import { encodeStatus, type Status } from '../../../src/formats/status.ts';

const UP: Status = { sec: 1_700_000_000, nsec: 0, pid: 4711, paused: false, want: 'up', gotTerm: false, phase: 'run' };

export class FakeService {
  readonly dir: string;
  #held: readonly number[] = [];

  constructor(scan: string, name: string, status: Partial<Status> = {}) {
    this.dir = join(scan, name);
    mkdirSync(join(this.dir, 'supervise'), { recursive: true });
    for (const fifo of ['ok', 'control']) spawnSync('mkfifo', [this.#at(fifo)]);
    this.#held = ['ok', 'control'].map((fifo) => openSync(this.#at(fifo), constants.O_RDWR | constants.O_NONBLOCK));
    onTestFinished(() => this.end());
    this.show(status);
  }

  /** Publishes a state as runsv does, by rename. */
  show(status: Partial<Status>): void {
    this.#publish('status', encodeStatus({ ...UP, ...status }));
  }

  tell(state: Partial<SupervisorState>): void {
    this.#publish('state.json', encodeState({ ...NEW_STATE, pid: UP.pid, ...state }));
  }

  record(n: number, event: HistoryEvent): void {
    this.write(encodeEvent({ at: '2027-01-15T08:00:00.000Z', n, lost: 0 }, event));
  }

  /** A line of the history, whatever it is. */
  write(line: string): void {
    appendFileSync(this.#at('history.jsonl'), line, 'latin1');
  }

  /** As if its runsv had ended. */
  end(): void {
    for (const fd of this.#held) closeSync(fd);
    this.#held = [];
  }

  #at(name: string): string {
    return join(this.dir, 'supervise', name);
  }

  #publish(name: string, text: string): void {
    writeFileSync(this.#at(`${name}.new`), text, 'latin1');
    renameSync(this.#at(`${name}.new`), this.#at(name));
  }
}

export const scanDirectory = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'runitbox-api-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};
