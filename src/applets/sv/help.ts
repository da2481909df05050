// `sv help VERB`, `sv VERB --help`: the synopsis of a verb, a paragraph, its options and an example.
//
// Promises: from the tables that parsing and completion read. Read next: verb-texts.ts, ../../cli/help.ts.
import { helpText } from '../../cli/help.ts';
import { out } from '../../cli/say.ts';
import { usageOfTool } from './tool-usage.ts';
import type { Tool } from './tool.ts';
import type { SvParts } from './tool-names.ts';
import { tools } from './tools.ts';
import { VERB_TEXTS } from './verb-texts.ts';

/** The tool of this name; `status` is explained with the options that make it one. */
const toolNamed = (name: string): Tool | undefined => tools.find((tool) => tool.name === name);

const usageOf = (name: string): string => {
  const tool = toolNamed(name);
  if (tool === undefined) return `[-v] [-w sec] ${name} service ...`;
  return name === 'status' ? '[-v] [-w sec] status [--json] [--usage] service ...' : usageOfTool(tool);
};

export const helpOn: SvParts['helpOn'] = (name, classic) => {
  const more = VERB_TEXTS[name];
  const text = helpText({
    name: 'sv',
    summary: `${name}: ${classic ?? toolNamed(name)?.text}`,
    help: {
      operands: '',
      usage: usageOf(name),
      description: more?.about ?? '',
      options: toolNamed(name)?.options ?? [],
      examples: more === undefined ? [] : [more.example],
      exitCodes: [],
    },
  });
  return out(text) ? 0 : 1;
};

export const toolRows: SvParts['toolRows'] = () =>
  tools.map(({ name, operands, text }) => ({ term: `${name} ${operands}`, text }));
