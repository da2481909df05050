// Services described as they are now: the line about one service, and the whole answer of `sv status`.
//
// Read next: render-line.ts (the words).
import { errorText } from '../cli/errno.ts';
import { err } from '../cli/say.ts';
import type { Status } from '../formats/status.ts';
import type { Bytes } from '../abi/bytes.ts';
import { refused } from '../host/calls.ts';
import { unixTime } from '../host/clock.ts';
import { ENOENT } from '../abi/errno.ts';
import { sys } from '../host/sys.ts';
import { statusLine } from './render-line.ts';
import { askStatus, enterable, isTrouble, type Service, type Trouble, troubleLine } from './service.ts';

const F_OK = 0;

const hasDownFile = ({ name, dir }: Service): boolean => {
  const found = sys.access(`${dir}/down`, F_OK);
  if (refused(found) && found !== -ENOENT) err(`warning: unable to stat ${name}/down: ${errorText(found)}\n`);
  return !refused(found);
};

/** The line, without newline, about a service whose status was read. */
export const describe = (service: Service, status: Status): Bytes =>
  statusLine(service.name, status, unixTime()[0], hasDownFile(service));

/** What status has to say about one service. */
export interface Description {
  readonly text: Bytes;
  /** Of the service and its log: how many could not be described. */
  readonly failed: number;
  /** The service's own; a trouble where it could not be had. */
  readonly status: Status | Trouble;
}

interface Part {
  readonly text: Bytes;
  readonly failed: number;
}

const NO_LOG: Part = { text: '', failed: 0 };

/** The log's part of the line; called `log` where all is well, by its full name where not. */
const logPart = ({ name, dir }: Service): Part => {
  const log = `${dir}/log`;
  const entered = enterable(log);
  if (entered === -ENOENT) return NO_LOG;
  if (refused(entered)) {
    return { text: `; warning: ${name}/log: unable to change directory: ${errorText(entered)}`, failed: 1 };
  }
  const status = askStatus(log);
  if (isTrouble(status)) return { text: `; ${troubleLine(`${name}/log`, status)}`, failed: 1 };
  return { text: `; ${describe({ name: 'log', dir: log }, status)}`, failed: 0 };
};

/** The line, with newline, that `sv status` prints. */
export const describeFully = (service: Service): Description => {
  const status = askStatus(service.dir);
  if (isTrouble(status)) return { text: `${troubleLine(service.name, status)}\n`, failed: 1, status };
  const log = logPart(service);
  return { text: `${describe(service, status)}${log.text}\n`, failed: log.failed, status };
};
