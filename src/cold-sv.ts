// The verbs of sv that runit does not have. This lies behind the heap image, as bytecode, and is loaded when it is first asked
// for, so that it costs a supervisor nothing.
//
// What a cold part imports is in it once more, unless the heap image has it (build/image/bundle.ts): it keeps no state that both
// would need.
// Read next: applets/sv/tools.ts (what is in here), host/cold.ts, cold-setup.ts (another part).
import { runGraph } from './applets/sv/graph.ts';
import { runList, runStatus } from './applets/sv/list.ts';
import { runLink, runRemove } from './applets/sv/link.ts';
import { runLint } from './applets/sv/lint.ts';
import { runLogs } from './applets/sv/logs.ts';
import { runMetrics } from './applets/sv/metrics.ts';
import { runMonitor } from './applets/sv/monitor.ts';
import { runNew } from './applets/sv/new.ts';
import { runScale } from './applets/sv/scale.ts';
import { runWait } from './applets/sv/wait.ts';
import { runWatch } from './applets/sv/watch.ts';
import { runWhy } from './applets/sv/why.ts';
import { planReload } from './client/reload.ts';
import { timeoutReason } from './client/timeout-reason.ts';
import { onMatching, patternParts } from './applets/sv/matching.ts';
import { helpOn, runHelp, svHelp } from './applets/sv/help.ts';
import { hintFor } from './applets/sv/hints.ts';
import { toolRunner } from './applets/sv/run-tool.ts';
import type { RunTool } from './applets/sv/tool.ts';
import { provideCold } from './host/cold.ts';

const run: Readonly<Record<string, RunTool>> = {
  help: ({ operands }) => runHelp(operands[0]),
  graph: onMatching(runGraph),
  list: runList,
  link: runLink,
  new: runNew,
  remove: onMatching(runRemove),
  scale: runScale,
  status: onMatching(runStatus),
  lint: onMatching(runLint),
  logs: onMatching(runLogs),
  metrics: runMetrics,
  monitor: runMonitor,
  wait: runWait,
  watch: runWatch,
  why: onMatching(runWhy),
};
provideCold('sv', { ...patternParts, helpOn, hintFor, planReload, timeoutReason, runTool: toolRunner(run), svHelp });
