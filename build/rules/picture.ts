// The rooms as docs/architecture.md draws them are the rooms that there are.
//
// The picture has an arrow where no longer way leads to the same room, so that it can be read; the table has every arrow.
import { type Arrows, arrowsBetween, cyclesIn, roomOf } from './graph.ts';
import { importsIn } from './imports.ts';
import type { Rule } from './tree.ts';

export const PAGE = 'docs/architecture.md';

/** All that a room leads to, over one arrow or more. */
const reachedFrom = (arrows: Arrows, from: string, found = new Set<string>()): ReadonlySet<string> => {
  for (const next of arrows.get(from)?.keys() ?? []) if (!found.has(next)) reachedFrom(arrows, next, found.add(next));
  return found;
};

/** 'a --> b' for each arrow that no longer way stands for (the transitive reduction). */
export const shortArrows = (arrows: Arrows): readonly string[] =>
  [...arrows].flatMap(([from, ends]) =>
    [...ends.keys()]
      .filter((to) => ![...ends.keys()].some((other) => other !== to && reachedFrom(arrows, other).has(to)))
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
  // refused by another rule, and nothing to draw
  if (cyclesIn(arrows).length > 0) return [];
  const all = [...arrows].flatMap(([from, ends]) => [...ends.keys()].map((to) => `${from} --> ${to}`));
  return [
    ...differences('picture of the rooms', shortArrows(arrows), drawnArrows(page)),
    ...differences('table of the rooms', all, tableArrows(page)),
  ];
};
