// `sv --dependents stop` and `restart`: the services that depend on those named are stopped before, and started after a restart.
//
// Read next: ../../client/stop-order.ts, ../sv.ts (who calls).
import { err } from '../../cli/say.ts';
import { dependentsOf } from '../../client/stop-order.ts';
import type { Service } from '../../client/service.ts';
import { commandFor, type Verb } from './commands.ts';

/** Executes a command on services, each time with the whole time to wait; returns how many have failed. */
export type Execute = (command: Verb, services: readonly Service[]) => number;

/** null: a wrong call, which was told. */
export const withDependents = (command: Verb, services: readonly Service[], execute: Execute): number | null => {
  const isStop = command.match === 'word' && command.conditions.includes('down');
  if (!isStop && command.name !== 'restart') {
    err(`sv: --dependents: expected stop or restart behind it, got '${command.name}'\n`);
    return null;
  }
  const dependents = dependentsOf(services);
  if (isStop) return execute(command, [...dependents, ...services]);
  if (dependents.length === 0) return execute(command, services);
  const stopped = execute(commandFor('stop', false) as Verb, dependents);
  return stopped + execute(command, services) + execute(commandFor('start', false) as Verb, dependents);
};
