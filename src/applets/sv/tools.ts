// The verbs that are programs of their own. Each begins with a letter on which every other sv prints its usage, or with s
// for status: typed at C's sv they do no harm.
//
// Read next: tool.ts, ../sv.ts (who calls them).
import type { Bytes } from '../../abi/bytes.ts';
import { lint } from './lint.ts';
import { list, statusAsData } from './list.ts';
import { logs } from './logs.ts';
import { metrics } from './metrics.ts';
import type { Tool } from './tool.ts';
import { wait } from './wait.ts';
import { watch } from './watch.ts';
import { why } from './why.ts';

export const tools: readonly Tool[] = [list, statusAsData, why, wait, watch, logs, metrics, lint];

/** The tool that a call is for. `status` is one where it has an option of it. */
export const toolFor = (typed: Bytes, words: readonly Bytes[]): Tool | undefined =>
  tools.find(({ name }) => name === typed && (name !== statusAsData.name || words[0]?.startsWith('--') === true));
