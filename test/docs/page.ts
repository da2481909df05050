// The code blocks of a Markdown page. What a block is says its fence: "```LANGUAGE PLACE [NAME=VALUE...]".
//
// A block of shell commands or of a Dockerfile names the place in which a test executes it; the others need none. "```text output" is
// what the commands before it print. Of indented blocks none are allowed, as nothing says what they are.
// Read next: pages.ts (which pages there are), run.ts and ../docker/cases/docs.ts, ../init/cases/docs.ts (the places).

export interface Block {
  readonly page: string;
  /** Of the fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** Where it is executed; '' for what is only read. */
  readonly place: string;
  readonly options: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Languages of which every block is executed. */
const EXECUTED: readonly string[] = ['sh', 'dockerfile', 'js'];
const READ: readonly string[] = ['text', 'ini', 'mermaid'];
/** The word behind `text` in the fence of what commands print. */
const OUTPUT = 'output';

const FENCE = /^(\s*)```(.*)$/;

const blockOf = (page: string, line: number, info: string, text: string): Block => {
  const [language = '', ...words] = info.trim().split(/\s+/);
  const options = words.filter((word) => word.includes('=')).map((word) => word.split('=', 2) as [string, string]);
  const place = words.find((word) => !word.includes('=')) ?? '';
  return { page, line, language, place, options: Object.fromEntries(options), text };
};

/** Whether line `at` begins an indented block: four spaces behind an empty line that belong to no list. */
const isIndented = (lines: readonly string[], at: number): boolean => {
  if (!/^ {4}\S/.test(lines[at] ?? '') || (lines[at - 1] ?? '').trim() !== '') return false;
  const before = lines.slice(0, at).findLast((line) => /^\S/.test(line)) ?? '';
  return !/^([-*]|\d+\.) /.test(before);
};

/** Whether a block is what the one before it prints: it has the place of that one. */
export const isOutput = ({ options }: Block): boolean => OUTPUT in options;

const placed = (blocks: readonly Block[], block: Block): Block => {
  const before = blocks.at(-1);
  const isPrinted = block.place === OUTPUT && before?.language === 'sh' && before.options['file'] === undefined;
  return isPrinted ? { ...block, place: before.place, options: { [OUTPUT]: '' } } : block;
};

export interface Page {
  readonly blocks: readonly Block[];
  /** What no reader or test could make sense of, one line each. */
  readonly faults: readonly string[];
}

const faultOf = (block: Block): string | null => {
  const { page, line, language, place } = block;
  const at = `${page}:${line}`;
  if (isOutput(block)) return null;
  if (place === OUTPUT) return `${at}: output, and no commands before it`;
  if (READ.includes(language))
    return place === '' ? null : `${at}: ${language} is not executed, not even in '${place}'`;
  if (!EXECUTED.includes(language))
    return `${at}: expected a language (${[...EXECUTED, ...READ].join(', ')}), got '${language}'`;
  return place === '' ? `${at}: no place is named in which this ${language} is executed` : null;
};

/** Takes a page apart. */
export const parsePage = (page: string, text: string): Page => {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  const faults: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at] ?? '');
    if (fence === null) {
      if (isIndented(lines, at)) faults.push(`${page}:${at + 1}: an indented block: nothing says what it is`);
      continue;
    }
    const end = lines.findIndex((line, next) => next > at && /^\s*```\s*$/.test(line));
    if (end < 0) {
      faults.push(`${page}:${at + 1}: a block without an end`);
      break;
    }
    const body = lines.slice(at + 1, end).map((line) => line.slice((fence[1] ?? '').length));
    blocks.push(placed(blocks, blockOf(page, at + 1, fence[2] ?? '', `${body.join('\n')}\n`)));
    at = end;
  }
  for (const block of blocks) {
    const fault = faultOf(block);
    if (fault !== null) faults.push(fault);
  }
  return { blocks, faults };
};
