// Holds docs/differences.md and differences.ts together: every id is a heading there, every heading there an id here.
import { readFileSync } from 'node:fs';
import { DIFFERENCES } from './differences.ts';

export const documentFaults = (path: string): readonly string[] => {
  const text = readFileSync(path, 'utf8');
  const written = new Set([...text.matchAll(/^#+ `?(svlogd-[a-z0-9-]+)`?/gm)].map(([, id]) => id ?? ''));
  const shown = new Set<string>(DIFFERENCES.map(({ id }) => id));
  return [
    ...[...shown].filter((id) => !written.has(id)).map((id) => `${id} has no heading in ${path}`),
    ...[...written].filter((id) => !shown.has(id)).map((id) => `nothing in test/svlogd/differences.ts shows ${id}`),
  ];
};
