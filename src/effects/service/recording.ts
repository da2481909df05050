// What is recorded of one side of a service: supervise/state.json and supervise/history.jsonl.
//
// Promises: nothing is written before ./run ends for the first time without a request, or where an earlier supervisor has
// written, or is about to start where it can tell that it is ready. The records of one turn are one write to history.jsonl, behind
// whole lines; state.json is replaced, never written again, and stays as it is where only a start is new that readers see in
// `status`. What cannot be written to the history is dropped and counted; state.json is to be tried again.
// Read first: ../../machine/service/recording.ts (what is recorded). Read next: supervisor.ts (who calls), history-file.ts.
import type { HistoryEvent } from '../../formats/history.ts';
import {
  decodeState,
  encodeState,
  isImplied,
  NEW_STATE,
  STATE_MAX,
  type SupervisorState,
} from '../../formats/state.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import type { Service, Told } from '../../machine/service/model.ts';
import { isFirst, isQuiet, isRepeated, record, timeText } from '../../machine/service/recording.ts';
import type { Step } from '../../machine/service/recorded-events.ts';
import { processOf } from '../process/proc.ts';
import { readThere, removeThere, replaceThere } from '../trusted-file.ts';
import { appendHistory, type DatedEvent, type HistoryFile, newHistoryFile } from './history-file.ts';
import type { Trouble } from './status-files.ts';

/** What is recorded of one side, once something is. */
export interface Recorder {
  /** 'supervise/' or 'log/supervise/' */
  readonly folder: Bytes;
  state: SupervisorState;
  /** What state.json says; null: nothing, or something else. */
  written: SupervisorState | null;
  /** state.json does not say `state`, and a reader cannot tell. */
  isStale: boolean;
  readonly history: HistoryFile;
  /** Not written yet. */
  readonly pending: DatedEvent[];
  /** The last event, written or not. */
  last: HistoryEvent | null;
}

/** The process that started us: what a policy has made of a service holds as long as that is the same. */
const parentMark = (): string => {
  const parent = sys.getppid();
  return `${parent}@${processOf(parent)?.start ?? ''}`;
};

const newRecorder = (folder: Bytes, state: SupervisorState): Recorder => ({
  folder,
  state: { ...state, parent: parentMark() },
  written: null,
  isStale: false,
  history: newHistoryFile(`${folder}history.jsonl`),
  pending: [],
  last: null,
});

const stateFile = (folder: Bytes): Bytes => `${folder}state.json`;

/**
 * Continues what an earlier supervisor recorded, but for the outcome where another process has started us. null: there is
 * nothing, or nothing to trust.
 */
export const continuedRecorder = (folder: Bytes): Recorder | null => {
  const file = readThere(stateFile(folder), STATE_MAX);
  const state = file?.ours === true ? decodeState(file.text) : null;
  if (state === null) return null;
  const isSame = state.parent === parentMark();
  const recorder = newRecorder(folder, isSame ? state : { ...state, outcome: null, reason: null });
  recorder.written = isSame ? recorder.state : null;
  recorder.isStale = !isSame;
  return recorder;
};

/** Whether a step is worth the call of `recordStep`. */
export const isRecorded = (recorder: Recorder | null, before: Service, after: Service): boolean =>
  recorder === null ? isFirst(before, after) : !isQuiet(recorder.state, before, after);

/** Notes what the step changes, to be written at the end of the turn. Returns the recorder, new if there was none. */
export const recordStep = (recorder: Recorder | null, folder: Bytes, step: Step): Recorder => {
  const own = recorder ?? newRecorder(folder, NEW_STATE);
  const { state, events } = record(own.state, step);
  if (state !== own.state) own.isStale = true;
  own.state = state;
  for (let at = 0; at < events.length; at++) {
    const event = events[at] as HistoryEvent;
    if (!isRepeated(own.last, event)) own.pending.push({ at: timeText(step.now.wall), event });
    own.last = event;
  }
  return own;
};

/** Notes what ./run will tell by, or has told. */
export const recordTold = (recorder: Recorder | null, folder: Bytes, told: Told): Recorder => {
  const own = recorder ?? newRecorder(folder, NEW_STATE);
  own.state = { ...own.state, ...told };
  own.isStale = true;
  return own;
};

/** Whether there is something to write. */
export const hasRecords = (recorder: Recorder | null): boolean =>
  recorder !== null && (recorder.isStale || recorder.pending.length > 0);

/** Writes what was noted. What went wrong is to be tried again. */
export const writeRecords = (recorder: Recorder): Trouble | null => {
  const { history, pending } = recorder;
  if (pending.length > 0) appendHistory(history, pending);
  pending.length = 0;
  const { isStale, written, state } = recorder;
  if (!isStale) return null;
  recorder.isStale = false;
  if (written !== null && isImplied(written, state)) return null;
  const path = stateFile(recorder.folder);
  const done = replaceThere(path, encodeState(state));
  recorder.isStale = isErrno(done);
  recorder.written = isErrno(done) ? null : state;
  return isErrno(done) ? { what: `unable to replace ${path}`, errno: done } : null;
};

/** Removes both files. */
export const removeRecords = ({ folder, history }: Recorder): void => {
  removeThere(stateFile(folder));
  removeThere(history.path);
};
