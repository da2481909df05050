// The examples of manual pages: the lines `.Dl COMMAND` below EXAMPLES, as blocks of the place `man`.
//
// Only pages whose examples are what somebody types are executed; those of others are lines of run scripts, inittabs and the like.
// Read next: page.ts (blocks of Markdown), sessions.ts (where they run).
import type { Block } from './page.ts';

/** The pages whose examples are executed. */
export const EXECUTED_PAGES: readonly string[] = ['docs/man/sv.8', 'docs/man/runitbox.8'];

/** What roff writes otherwise. */
const ROFF: Readonly<Record<string, string>> = { '\\(dq': '"', '\\(aq': "'", '\\e': '\\', '\\-': '-', '\\&': '' };

const unescaped = (text: string): string => text.replace(/\\\((?:dq|aq)|\\[e&-]/g, (escape) => ROFF[escape] ?? escape);

/** The examples of a page, in its order: one session. */
export const examplesIn = (page: string, text: string): readonly Block[] => {
  const lines = text.split('\n');
  const from = lines.indexOf('.Sh EXAMPLES');
  const next = lines.findIndex((line, at) => at > from && line.startsWith('.Sh '));
  const to = next < 0 ? lines.length : next;
  return lines.flatMap((line, at) => {
    if (from < 0 || at <= from || at >= to || !line.startsWith('.Dl ')) return [];
    return [{ page, line: at + 1, language: 'sh', place: 'man', options: {}, text: `${unescaped(line.slice(4))}\n` }];
  });
};
