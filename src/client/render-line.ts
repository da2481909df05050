// The lines about a service: `run: foo: (pid 123) 5s, normally down, want down`.
//
// Promises: pure; people and scripts parse these lines, so they equal C's byte for byte; what only our runsv knows follows behind.
import type { Bytes } from '../abi/bytes.ts';
import { EMFILE, ENOENT } from '../abi/errno.ts';
import { errorText } from '../cli/errno.ts';
import { visible } from '../cli/say.ts';
import { spanText } from '../formats/span.ts';
import { isTrouble, type ServiceReport, type ServiceState, type Trouble } from './report.ts';

/** What runit does not tell comes last. */
const outlook = ({ outcome, nextSeconds, waitingFor }: ServiceState): Bytes =>
  (waitingFor.length === 0 ? '' : `, waiting for ${waitingFor.map(visible).join(', ')}`) +
  (outcome === null ? '' : `, ${outcome}`) +
  (nextSeconds === null ? '' : `, next start in ${spanText(nextSeconds)}`);

const flags = (state: ServiceState): Bytes => {
  const { status, normally } = state;
  const { pid, paused, want, gotTerm } = status;
  if (pid === null)
    return (normally === 'up' ? ', normally up' : '') + (want === 'up' ? ', want up' : '') + outlook(state);
  return (
    (normally === 'down' ? ', normally down' : '') +
    (paused ? ', paused' : '') +
    (want === 'down' ? ', want down' : '') +
    (gotTerm ? ', got TERM' : '') +
    (state.told === null ? '' : `, ${state.told}`)
  );
};

/** The line, without newline, of a service whose state is known. */
export const stateLine = (name: Bytes, state: ServiceState): Bytes => {
  const { phase, pid } = state.status;
  // By the phase, where the flags go by the pid: they differ only in a status that no runsv writes.
  const process = phase === 'down' ? '' : `(pid ${pid ?? 0}) `;
  return `${phase}: ${name}: ${process}${state.seconds}s${flags(state)}`;
};

/** The line, without newline, of a service that cannot be read or commanded. */
export const troubleLine = (name: Bytes, trouble: Trouble): Bytes => {
  switch (trouble.kind) {
    case 'no runsv':
      return `fail: ${name}: runsv not running`;
    case 'no directory':
      return `fail: ${name}: unable to change to service directory: ${errorText(trouble.errno)}`;
    case 'no descriptor':
      return `warning: ${name}: unable to open supervise/${trouble.file}: ${errorText(EMFILE)}`;
    case 'no fifo':
      return `warning: ${name}: unable to open supervise/${trouble.file}: ${errorText(ENOENT)}`;
    case 'no status':
      return `warning: ${name}: unable to open supervise/status: ${errorText(ENOENT)}`;
    case 'unusable':
      return `warning: ${name}: ${trouble.what}`;
    case 'refused':
      return `fail: ${name}: ${trouble.what}`;
  }
};

/** The line, without newline, of a service for which nobody needs to wait: it has failed. */
export const failedLine = (name: Bytes, reason: Bytes | null): Bytes =>
  `fail: ${name}: failed${reason === null ? '' : `: ${visible(reason)}`}`;

/** The line, without newline, of a service that waits for one that has failed. */
export const blockedLine = (name: Bytes, dependency: Bytes, reason: Bytes | null): Bytes =>
  `fail: ${name}: waiting for ${visible(dependency)}, which has failed${reason === null ? '' : `: ${visible(reason)}`}`;

/** The line, without newline, of a service that lost its runsv as it should. */
export const goneLine = (name: Bytes): Bytes => `ok: ${name}: runsv not running`;

/** A log service is called `log` where its state is known, by its full name where it is not. */
const logPart = ({ name, state }: ServiceReport): Bytes => {
  if (!isTrouble(state)) return `; ${stateLine('log', state)}`;
  if (state.kind !== 'no directory') return `; ${troubleLine(name, state)}`;
  return `; warning: ${name}: unable to change directory: ${errorText(state.errno)}`;
};

/** The line, with newline, that `sv status` prints. */
export const reportLine = ({ name, state, log }: ServiceReport): Bytes => {
  if (isTrouble(state)) return `${troubleLine(name, state)}\n`;
  return `${stateLine(name, state)}${log === null ? '' : logPart(log)}\n`;
};
