// The signal that makes a service read its configuration again: HUP, or what its file reload-signal names.
//
// The byte of that signal is sent, so no new byte exists, C's runsv obeys too, and the control script of the byte is asked.
// Promises: where the file names a signal that has no byte, or none at all, nothing is sent.
// Read next: ../formats/control.ts (the bytes), send-all.ts (who asks).
import type { Bytes } from '../abi/bytes.ts';
import { ENOENT } from '../abi/errno.ts';
import { O_RDONLY } from '../abi/flags.ts';
import { signalName } from '../abi/signals.ts';
import { errorText } from '../cli/errno.ts';
import { visible } from '../cli/say.ts';
import { signalByte } from '../formats/control.ts';
import { isParseError } from '../formats/parse-error.ts';
import { parseSignal } from '../formats/values.ts';
import { isErrno } from '../host/calls.ts';
import { openLinked, REGULAR_FILE } from '../host/safe-open.ts';
import { sys } from '../host/sys.ts';
import { readState } from './read-state.ts';
import type { Trouble } from './report.ts';
import type { Service } from './service.ts';

const FILE = 'reload-signal';
const LONGEST = 256;

const fail = (what: Bytes): Trouble => ({ kind: 'refused', what: `${FILE}: ${what}` });

export interface ReloadPlan {
  readonly bytes: Bytes;
  /** When the service was ready last, where it will tell that it is again; null: nobody waits for that. */
  readonly reloads: string | null;
}

const markOf = ({ dir }: Service): string | null => {
  const state = readState(dir);
  return state?.by === 'socket' && state.ready ? state.readyAt : null;
};

/** The byte to send in place of `otherwise`, or why there is none. */
export const planReload = (service: Service, otherwise: Bytes): ReloadPlan | Trouble => {
  const { dir } = service;
  const fd = openLinked(`${dir}/${FILE}`, O_RDONLY, REGULAR_FILE);
  if (fd === -ENOENT || dir === '') return { bytes: otherwise, reloads: null };
  if (isErrno(fd)) return fail(`unable to open: ${errorText(fd)}`);
  const text = sys.read(fd, LONGEST);
  sys.close(fd);
  if (isErrno(text)) return fail(`unable to read: ${errorText(text)}`);
  const signal = parseSignal(text);
  if (isParseError(signal)) return fail(visible(signal.wrong));
  const bytes = signalByte(signal);
  return bytes === undefined ? fail(`${signalName(signal)} has no command`) : { bytes, reloads: markOf(service) };
};
