// The examples of manual pages: the lines `.Dl COMMAND` below EXAMPLES, as blocks of the place `man`, and displayed scripts.
//
// A script is what lies between `.Bd` and `.Ed` and begins with `#!`; it is executed with one line of input, for a moment. Only pages whose examples are what somebody types are executed; those of others are lines of run scripts, inittabs and the like.
// Read next: page.ts (blocks of Markdown), sessions.ts (where they run).
import type { Block } from './page.ts';

/** The pages whose examples are executed. */
export const EXECUTED_PAGES: readonly string[] = [
  'docs/man/sv.8',
  'docs/man/runitbox.8',
  'docs/man/chpst.8',
  'docs/man/svlogd.8',
];

/** What roff writes otherwise. */
const ROFF: Readonly<Record<string, string>> = { '\\(dq': '"', '\\(aq': "'", '\\e': '\\', '\\-': '-', '\\&': '' };

const unescaped = (text: string): string => text.replace(/\\\((?:dq|aq)|\\[e&-]/g, (escape) => ROFF[escape] ?? escape);

/** The commands that execute a script as a service would: ./run in the directory of one, which reads a line and goes on. */
const asService = (lines: readonly string[]): string => `mkdir -p /tmp/example/supervise
cd /tmp/example
cat > run <<'END_OF_SCRIPT'
${lines.map(unescaped).join('\n')}
END_OF_SCRIPT
chmod +x run
echo 'a line' | timeout -k 9 1 ./run || [ $? = 124 ]
cd -
`;

/** The script that is displayed from line `at` on; null: what is displayed there is none. */
const scriptAt = (lines: readonly string[], at: number): string | null => {
  if (!(lines[at] ?? '').startsWith('.Bd -literal') || !(lines[at + 1] ?? '').startsWith('#!')) return null;
  return asService(lines.slice(at + 1, lines.indexOf('.Ed', at)));
};

/** The examples of a page, in its order: one session. */
export const examplesIn = (page: string, text: string): readonly Block[] => {
  const lines = text.split('\n');
  const from = lines.indexOf('.Sh EXAMPLES');
  const next = lines.findIndex((line, at) => at > from && line.startsWith('.Sh '));
  const to = next < 0 ? lines.length : next;
  return lines.flatMap((line, at) => {
    if (from < 0 || at <= from || at >= to) return [];
    const example = line.startsWith('.Dl ') ? `${unescaped(line.slice(4))}\n` : scriptAt(lines, at);
    if (example === null) return [];
    return [{ page, line: at + 1, language: 'sh', place: 'man', options: {}, text: example }];
  });
};
