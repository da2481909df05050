// Holds docs/differences.md and the cases together: every declared difference is a heading there, and every heading
// there is declared by a case.
//
// Read next: ../../docs/differences.md.
import { readFileSync } from 'node:fs';
import { type Case, PROGRAMS } from './model.ts';

/** The ids that stand in headings: `### some-id`, in backquotes or not. */
function headings(text: string): ReadonlySet<string> {
  const heading = new RegExp(`^###+ \`?((?:${PROGRAMS.join('|')})-[a-z0-9-]+)\`?`, 'gm');
  return new Set([...text.matchAll(heading)].map((match) => match[1] ?? ''));
}

export function documentFaults(cases: readonly Case[], path: string): readonly string[] {
  const written = headings(readFileSync(path, 'utf8'));
  const declared = new Set(cases.flatMap((it) => it.differs ?? []).map((it) => it.id as string));
  return [
    ...[...declared].filter((id) => !written.has(id)).map((id) => `${id} has no heading in ${path}`),
    ...[...written].filter((id) => !declared.has(id)).map((id) => `no case shows ${id} of ${path}`),
  ];
}
