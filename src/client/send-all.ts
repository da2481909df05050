// Sends a command to several services before the wait for any of them begins.
//
// Promises: works for any number of services: where descriptors run out, the fifos kept open so far are closed, and all services
// are polled instead.
// Read next: send.ts (one service), wait.ts (the wait).
import type { Bytes } from '../abi/bytes.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import { type Command, endsRunsv } from './command.ts';
import { endsWithRunsv, hasRunsvdir } from './parent-runsvdir.ts';
import { fromCold } from '../host/cold.ts';
import type { ReloadPlan } from './reload.ts';
import { isTrouble, type Trouble } from './report.ts';
import { send, sendAwaited } from './send.ts';
import type { Service } from './service.ts';
import type { Target } from './wait.ts';

/** At most so many fifos are kept open while waiting; further services are polled. */
const MOST_HELD = 200;
const F_OK = 0;

/** A service that the command could not be sent to. */
export interface Failure {
  readonly service: Service;
  readonly trouble: Trouble;
}

export interface SentToAll {
  /** What is left to wait for. */
  readonly targets: readonly Target[];
  readonly failures: readonly Failure[];
}

/** Whether one of several may depend on another one. */
export const mayDepend = (services: readonly Service[]): boolean =>
  services.length > 1 && services.some(({ dir }) => !isErrno(sys.access(`${dir}/dependencies.d`, F_OK)));

const closeFifo = (target: Target): Target => {
  if (isTrouble(target.result)) return target;
  if (target.result.fifo !== null) sys.close(target.result.fifo);
  return { ...target, result: { ...target.result, fifo: null }, hold: false };
};

/** Whether to wait for a runsv: one is about to start, and the command makes sense for it. */
const awaitsRunsv = (command: Command, service: Service, trouble: Trouble): boolean =>
  !endsRunsv(command) && endsWithRunsv(trouble) && hasRunsvdir(service);

/** What to send to this service, or why it has no such command. */
const planFor = ({ bytes, reloads }: Command, service: Service): ReloadPlan | Trouble =>
  reloads === true
    ? fromCold<(service: Service, otherwise: Bytes) => ReloadPlan | Trouble>('sv', 'planReload')(service, bytes)
    : { bytes, reloads: null };

/** Sends a command whose effect is awaited. */
export const sendAllAwaited = (command: Command, services: readonly Service[]): SentToAll => {
  const targets: Target[] = [];
  const failures: Failure[] = [];
  for (const service of services) {
    const plan = planFor(command, service);
    if (isTrouble(plan)) {
      failures.push({ service, trouble: plan });
      continue;
    }
    const { bytes, reloads } = plan;
    const meant = bytes === command.bytes ? command : { ...command, bytes };
    let hold = targets.length < MOST_HELD;
    let result = sendAwaited(service, meant, hold);
    if (isTrouble(result) && result.kind === 'no descriptor') {
      targets.splice(0, targets.length, ...targets.map(closeFifo));
      hold = false;
      result = sendAwaited(service, meant, hold);
    }
    if (!isTrouble(result) || awaitsRunsv(command, service, result)) targets.push({ service, result, hold, reloads });
    else failures.push({ service, trouble: result });
  }
  return { targets, failures };
};

/** Sends a command whose effect nobody awaits. */
export const sendAll = (command: Command, services: readonly Service[]): SentToAll => {
  const failures: Failure[] = [];
  for (const service of services) {
    const plan = planFor(command, service);
    const trouble = isTrouble(plan) ? plan : send(service, plan.bytes);
    if (trouble !== null) failures.push({ service, trouble });
  }
  return { targets: [], failures };
};
