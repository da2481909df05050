// Reads the report of a service: its supervisor must live, else its status is not believed.
//
// Read next: report.ts (the values), service.ts (the files).
import { ENOENT } from '../abi/errno.ts';
import { errorText } from '../cli/errno.ts';
import { err } from '../cli/say.ts';
import type { Status } from '../formats/status.ts';
import { isErrno } from '../host/calls.ts';
import { unixTime } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import { readState as supervisorState } from './read-state.ts';
import { isTrouble, type ServiceReport, type ServiceState, stateAt, type Trouble } from './report.ts';
import { enterable, openOk, readStatus, type Service } from './service.ts';

const F_OK = 0;

const hasDownFile = ({ name, dir }: Service): boolean => {
  const found = sys.access(`${dir}/down`, F_OK);
  if (isErrno(found) && found !== -ENOENT) err(`warning: unable to stat ${name}/down: ${errorText(found)}\n`);
  return !isErrno(found);
};

/** The state now, of a service whose status was read. */
export const stateNow = (service: Service, status: Status): ServiceState => {
  const [sec, nsec] = unixTime();
  return stateAt(status, sec, hasDownFile(service), supervisorState(service.dir), sec * 1000 + nsec / 1e6);
};

const readServiceState = (service: Service): ServiceState | Trouble => {
  const ok = openOk(service.dir);
  if (typeof ok === 'object') return ok;
  sys.close(ok);
  const status = readStatus(service.dir);
  return isTrouble(status) ? status : stateNow(service, status);
};

/** null: the service has no log. */
const readLog = ({ name, dir }: Service): ServiceReport | null => {
  const log = { name: `${name}/log`, dir: `${dir}/log` };
  const entered = enterable(log.dir);
  if (entered === -ENOENT) return null;
  const state: ServiceState | Trouble = isErrno(entered)
    ? { kind: 'no directory', errno: entered }
    : readServiceState(log);
  return { name: log.name, state, log: null };
};

/** The service now, with its log service. */
export const readReport = (service: Service): ServiceReport => {
  const state = readServiceState(service);
  return { name: service.name, state, log: isTrouble(state) ? null : readLog(service) };
};
