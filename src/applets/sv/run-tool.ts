// Runs a verb with options: reads its options, and refuses what is wrong in one line before its usage.
//
// Promises: options may stand behind operands, up to `--`. `--help` among them explains the verb.
// Read next: tools.ts, help.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { parseAnywhere, problemLine } from '../../cli/options.ts';
import { err } from '../../cli/say.ts';
import { coldPart } from '../../host/cold.ts';
import { helpOn } from './help.ts';
import type { RunTool, Tool } from './tool.ts';
import type { SvParts } from './tool-names.ts';
import { usageOfTool } from './tool-usage.ts';
import { tools } from './tools.ts';
import { waitMsFor } from './wait-time.ts';

const USAGE_CODE = 100;

/** Whether `--help` stands among its options. */
const asksForHelp = (words: readonly Bytes[]): boolean => {
  const end = words.indexOf('--');
  return words.slice(0, end < 0 ? words.length : end).includes('--help');
};

export const runTool: SvParts['runTool'] = (name, words, waitSec) => {
  const tool = tools.find((each) => each.name === name) as Tool;
  if (asksForHelp(words)) return helpOn(name, undefined);
  const parsed = parseAnywhere(tool.options, words, tool.keepsDashes === true);
  if (parsed.kind === 'problem') err(problemLine('sv', parsed));
  else if (parsed.rest.length > 0 || !tool.wantsOperands) {
    const seconds = parsed.given.last('w') ?? waitSec;
    const run = (coldPart() as Readonly<Record<string, RunTool>>)[name] as RunTool;
    return run({
      given: parsed.given,
      operands: parsed.rest,
      waitMs: seconds === undefined ? null : waitMsFor(seconds),
    });
  }
  err(`usage: sv ${usageOfTool(tool)}\n`);
  return USAGE_CODE;
};
