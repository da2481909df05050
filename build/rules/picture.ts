// The rooms as docs/architecture.md draws them are the rooms that there are.
//
// The picture has an arrow where no longer way leads to the same room, so that it can be read; the table has every arrow.
import { type Arrows, arrowsBetween, roomOf } from './graph.ts';
import { importsIn } from './imports.ts';
import type { Rule } from './tree.ts';

export const PAGE = 'docs/architecture.md';

const canReach = (arrows: Arrows, from: string, to: string): boolean =>
  [...(arrows.get(from)?.keys() ?? [])].some((next) => next === to || canReach(arrows, next, to));

/** 'a --> b' for each arrow that no longer way stands for (the transitive reduction). Wants a graph without cycles. */
export const shortArrows = (arrows: Arrows): readonly string[] =>
  [...arrows].flatMap(([from, ends]) =>
    [...ends.keys()]
      .filter((to) => ![...ends.keys()].some((other) => other !== to && canReach(arrows, other, to)))
      .map((to) => `${from} --> ${to}`),
  );

/** The arrows in the first flowchart of a page. */
const drawnArrows = (page: string): readonly string[] => {
  const chart = /```mermaid\nflowchart[\s\S]*?```/.exec(page)?.[0] ?? '';
  return [...chart.matchAll(/^\s*(\w+) --> (\w+(?: & \w+)*)$/gm)].flatMap(([, from, ends = '']) =>
    ends.split(' & ').map((to) => `${from} --> ${to}`),
  );
};

/** The rows `| room | what it is | imports |`, as arrows. */
const tableArrows = (page: string): readonly string[] =>
  [...page.matchAll(/^\| `src\/(\w+)\/?(?:\.ts)?`[^|]*\|[^|]*\| ?([\w, ]*)\|$/gm)].flatMap(([, room = '', ends = '']) =>
    ends
      .split(',')
      .map((end) => end.trim())
      .filter((end) => end !== '')
      .map((end) => `${room} --> ${end}`),
  );

const differences = (where: string, expected: readonly string[], got: readonly string[]): readonly string[] => [
  ...expected.filter((arrow) => !got.includes(arrow)).map((arrow) => `${PAGE}: the ${where} lacks '${arrow}'`),
  ...got
    .filter((arrow) => !expected.includes(arrow))
    .map((arrow) => `${PAGE}: the ${where} has '${arrow}', src has not`),
];

export const picture: Rule = (tree) => {
  const page = tree.get(PAGE) ?? '';
  const arrows = arrowsBetween(importsIn(tree), roomOf);
  const all = [...arrows].flatMap(([from, ends]) => [...ends.keys()].map((to) => `${from} --> ${to}`));
  return [
    ...differences('picture of the rooms', shortArrows(arrows), drawnArrows(page)),
    ...differences('table of the rooms', all, tableArrows(page)),
  ];
};
