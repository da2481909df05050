// `sv list` and `sv status --json`: services as a table for people, or as data.
//
// Read next: ../../client/reports.ts, ../../client/render-list.ts.
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { listText } from '../../client/render-list.ts';
import { newAsking, reportOf, servicesLike } from '../../client/reports.ts';
import { lookup, servicesNamed, variable } from '../../client/service.ts';
import { encodeJson } from '../../formats/json.ts';
import { type Report, reportJson } from '../../formats/report.ts';
import { nowMs } from '../../host/clock.ts';
import { type Call, MOST_FAILURES } from './tool.ts';
import { isTerminal, widthOf } from './terminal.ts';

const asJson = (reports: readonly Report[], ms: number): void => {
  out(`[${reports.map((report) => encodeJson(reportJson(report, ms))).join(',\n ')}]\n`);
};

const asTable = (reports: readonly Report[], ms: number): void => {
  const colour = isTerminal() && variable('NO_COLOR') === undefined;
  out(listText(reports, { nowMs: ms, width: widthOf(), colour }));
};

export const runList = ({ given, operands }: Call): number => {
  const services = servicesLike(operands);
  if (typeof services === 'number') {
    err(`sv: unable to read ${visible(lookup().dir)}: ${errorText(services)}\n`);
    return 1;
  }
  const asking = newAsking(given.count('usage') > 0);
  const reports = services.map((service) => reportOf(service, asking));
  const show = given.count('json') > 0 || given.count('usage') > 0 ? asJson : asTable;
  show(reports, nowMs());
  return 0;
};

export const runStatus = ({ given, operands }: Call): number => {
  const asking = newAsking(given.count('usage') > 0);
  // names as they were given: JSON has its own way to keep a terminal safe
  const reports = servicesNamed(operands).map((service, at) => ({
    ...reportOf(service, asking),
    name: operands[at] ?? service.name,
  }));
  asJson(reports, nowMs());
  return Math.min(MOST_FAILURES, reports.filter(({ main }) => main === null).length);
};
