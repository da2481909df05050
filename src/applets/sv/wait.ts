// `sv wait`: waits until services are up, ready, down, done, failed or gone, and sends them nothing.
//
// Read next: ../../client/wait-for.ts.
import { err, visible } from '../../cli/say.ts';
import { expandNames } from '../../client/expand-names.ts';
import { servicesNamed } from '../../client/service.ts';
import { GOALS, isGoal, type Result, waitFor } from '../../client/wait-for.ts';
import { conditionOfSnapshot } from '../../formats/snapshot.ts';
import { monotonicMs } from '../../host/clock.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

const USAGE_CODE = 100;

const complain = ({ service, snapshot, verdict }: Result, goal: string): void => {
  const cannotTell = goal === 'gone' && verdict === 'hopeless';
  const names = (snapshot.main?.state?.waiting ?? []).map(visible).join(', ');
  const condition = conditionOfSnapshot(snapshot);
  const state = condition === 'waiting' ? `waiting for ${names}` : condition;
  const what = cannotTell ? (snapshot.error ?? 'unable to tell') : `${state}, not ${goal}`;
  err(`sv: ${visible(service.name)}: ${what}\n`);
};

export const runWait = ({ given, operands, waitMs }: Call): number => {
  const [goal, ...names] = operands;
  if (!isGoal(goal) || names.length === 0) {
    const got = goal === undefined ? 'nothing' : `'${visible(goal)}'`;
    err(`sv: wait: expected one of ${GOALS.join(', ')} and names of services, got ${got}\n`);
    return USAGE_CODE;
  }
  const any = given.count('any') > 0;
  const meant = expandNames(names);
  const untilMs = waitMs === null ? null : monotonicMs() + waitMs;
  const results = waitFor(goal, servicesNamed(meant.names), any, untilMs);
  const missing = results.filter(({ verdict }) => verdict !== 'reached');
  if (any && missing.length < results.length) return 0;
  for (const result of missing) complain(result, goal);
  return Math.min(MOST_FAILURES, missing.length + meant.failed);
};
