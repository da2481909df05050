// `sv help VERB`, `sv VERB --help`: the synopsis of a verb, a paragraph, its options and an example.
//
// Promises: from the tables that parsing and completion read. Read next: verb-texts.ts, ../../cli/help.ts.
import type { VerbHelp } from '../../cli/applet.ts';
import { helpText } from '../../cli/help.ts';
import { out } from '../../cli/say.ts';
import { GOALS } from '../../client/wait-for.ts';
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

/** What the operands of a verb are, where they are not services. */
const OPERANDS: Readonly<Record<string, VerbHelp['operands']>> = {
  help: ['verb'],
  wait: [`=${GOALS.join('|')}`, 'service'],
  lint: ['service'],
  new: ['none', 'file'],
  scale: ['template', 'none'],
  link: ['source'],
};

/** Completion and the manual: every verb, those with options as they are. */
export const verbHelps: SvParts['verbHelps'] = (classic) => {
  const withOptions = tools.map(({ name, text, options }) => ({
    name,
    text,
    options,
    operands: OPERANDS[name] ?? ['service'],
  }));
  const others = classic.filter(({ name }) => toolNamed(name) === undefined);
  return [...others.map(({ name, text }) => ({ name, text, options: [], operands: ['service'] })), ...withOptions];
};
