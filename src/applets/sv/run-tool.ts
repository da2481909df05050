// Calls a verb that has options of its own.
//
// Read next: tools.ts (their options), ../../cold-sv.ts (what they do).
import type { Bytes } from '../../abi/bytes.ts';
import { type Given, parseAnywhere, problemLine } from '../../cli/options.ts';
import { err } from '../../cli/say.ts';
import { helpOn } from './help.ts';
import { waitMs } from './options.ts';
import type { RunTool, Tool } from './tool.ts';
import { usageOfTool } from './tool-usage.ts';
import { tools } from './tools.ts';

const USAGE_CODE = 100;

/** Whether `--help` stands among its options. */
const asksForHelp = (words: readonly Bytes[]): boolean => {
  const end = words.indexOf('--');
  return words.slice(0, end < 0 ? words.length : end).includes('--help');
};

const runTool = (tool: Tool, run: RunTool, words: readonly Bytes[], given: Given): number => {
  if (asksForHelp(words)) return helpOn(tool.name);
  const parsed = parseAnywhere(tool.options, words, tool.keepsDashes === true);
  if (parsed.kind === 'problem') err(problemLine('sv', parsed));
  else if (parsed.rest.length > 0 || !tool.wantsOperands) {
    const timed = [parsed.given, given].find((each) => each.last('w') !== undefined);
    return run({
      given: parsed.given,
      operands: parsed.rest,
      waitMs: timed === undefined ? null : waitMs(timed),
    });
  }
  err(`usage: sv ${usageOfTool(tool)}\n`);
  return USAGE_CODE;
};

/** Runs a verb by its name, given what each does. Returns the exit code. */
export const toolRunner =
  (all: Readonly<Record<string, RunTool>>) =>
  (name: Bytes, words: readonly Bytes[], given: Given): number => {
    const tool = tools.find((each) => each.name === name) as Tool;
    return runTool(tool, all[name] as RunTool, words, given);
  };
