// Holds docs/differences.md and the cases together: every declared difference is a heading there, and every heading
// there is declared by a case.
//
// Read next: ../../docs/differences.md.
import { readFileSync } from 'node:fs';
import type { Exception } from './flavour.ts';
import { type Case, PROGRAMS } from './model.ts';

/** The ids that stand in headings: `### some-id`, in backquotes or not. */
function headings(text: string, first: readonly string[]): ReadonlySet<string> {
  const heading = new RegExp(`^###+ \`?((?:${first.join('|')})-[a-z0-9-]+)\`?`, 'gm');
  return new Set([...text.matchAll(heading)].map((match) => match[1] ?? ''));
}

export function documentFaults(cases: readonly Case[], path: string): readonly string[] {
  const declared = new Set(cases.flatMap((it) => it.differs ?? []).map((it) => it.id as string));
  return bothWays(headings(readFileSync(path, 'utf8'), PROGRAMS), declared, path);
}

/** The same of what a flavour cannot do, and of the cases that an exception names. */
export function exceptionFaults(
  exceptions: readonly Exception[],
  cases: readonly Case[],
  path: string,
): readonly string[] {
  const names = new Set(cases.map((it) => it.name));
  const lost = exceptions.flatMap((it) => Object.keys(it.cases)).filter((name) => !names.has(name));
  const declared = new Set(exceptions.map((it) => it.id as string));
  return [
    ...lost.map((name) => `there is no case ${name}, which flavour.ts excepts`),
    ...bothWays(headings(readFileSync(path, 'utf8'), ['node']), declared, path),
  ];
}

function bothWays(written: ReadonlySet<string>, declared: ReadonlySet<string>, path: string): readonly string[] {
  return [
    ...[...declared].filter((id) => !written.has(id)).map((id) => `${id} has no heading in ${path}`),
    ...[...written].filter((id) => !declared.has(id)).map((id) => `no case shows ${id} of ${path}`),
  ];
}
