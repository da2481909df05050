// `sv why`: explains the condition of services, with their last ends and the last lines of their logs.
//
// Read next: ../../client/explain.ts, ../../client/render-why.ts.
import { out } from '../../cli/say.ts';
import { factsJson, factsOf } from '../../client/explain.ts';
import { whyText } from '../../client/render-why.ts';
import { newAsking } from '../../client/snapshots.ts';
import { servicesNamed } from '../../client/service.ts';
import { encodeJson } from '../../formats/json.ts';
import { nowMs } from '../../host/clock.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

export const runWhy = ({ given, operands }: Call): number => {
  const asking = newAsking(false);
  const all = servicesNamed(operands).map((service) => factsOf(service, asking, nowMs()));
  if (given.count('json') > 0) out(`[${all.map((facts) => encodeJson(factsJson(facts))).join(',\n ')}]\n`);
  else out(all.map(whyText).join('\n'));
  return Math.min(MOST_FAILURES, all.filter(({ snapshot }) => snapshot.main === null).length);
};
