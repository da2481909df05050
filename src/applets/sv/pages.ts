// What the pages of `sv monitor` hold: why, the log of a service, the graph of all.
//
// Read next: monitor.ts, ../../client/monitor/model.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { withDependencies } from '../../client/dependencies.ts';
import { currentLog, tailOf } from '../../client/log-files.ts';
import { factsOf } from '../../client/explain.ts';
import type { Page, Row } from '../../client/monitor/model.ts';
import { whyText } from '../../client/render-why.ts';
import { isTrouble } from '../../client/report.ts';
import { readStatus, type Service } from '../../client/service.ts';
import { newAsking } from '../../client/snapshots.ts';
import { nowMs } from '../../host/clock.ts';
import { treeText } from './graph.ts';

type Content = Omit<Page, 'top'>;

const PAGE_LINES = 1000;

/** The end of a service's log, with its path; without lines where there is none. */
export const tailFor = ({ key }: Row, count: number): { readonly title: Bytes; readonly lines: readonly Bytes[] } => {
  const status = readStatus(`${key}/log`);
  const path = currentLog(key, isTrouble(status) ? 0 : status.pid);
  return path === null ? { title: '', lines: [] } : { title: path, lines: tailOf(path, count).lines };
};

const whyPage = (row: Row): Content => {
  const text = whyText(factsOf({ name: row.name, dir: row.key }, newAsking(false), nowMs()));
  return { kind: 'why', title: `why: ${row.name}`, lines: text.split('\n').slice(0, -1) };
};

const logsPage = (row: Row): Content => {
  const { title, lines } = tailFor(row, PAGE_LINES);
  const shown = title === '' ? ['no log was found'] : lines;
  return { kind: 'logs', title: `log: ${row.name}  ${title}`, lines: shown };
};

const graphPage = (services: readonly Service[]): Content => {
  const text = treeText(withDependencies(services), null);
  return {
    kind: 'graph',
    title: 'graph: each service, and below it those that it needs',
    lines: text.split('\n').slice(0, -1),
  };
};

/** Everything but its place; null: a page that has no content of a service. */
export const pageOf = (kind: Page['kind'], row: Row, all: readonly Service[]): Content | null => {
  switch (kind) {
    case 'why':
      return whyPage(row);
    case 'logs':
      return logsPage(row);
    case 'graph':
      return graphPage(all);
    case 'help':
      return null;
  }
};
