// The part of the suite that is seldom used: it lies behind the heap image, as bytecode, and is loaded when it is first
// asked for (host/cold.ts), so that it costs a supervisor nothing.
//
// What this imports is in the cold part once more, where the heap image has it too: it keeps no state that both would need.
// Read next: applets/sv/tools.ts (what is in here), whole.ts.
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
import { onMatching, patternParts } from './applets/sv/matching.ts';
import { runProbe } from './applets/svprobe/run.ts';
import { type ColdPart, provideCold } from './host/cold.ts';

const parts: ColdPart = {
  ...patternParts,
  graph: onMatching(runGraph),
  list: runList,
  link: runLink,
  new: runNew,
  remove: onMatching(runRemove),
  scale: runScale,
  svprobe: runProbe,
  status: onMatching(runStatus),
  lint: onMatching(runLint),
  logs: onMatching(runLogs),
  metrics: runMetrics,
  monitor: runMonitor,
  wait: runWait,
  watch: runWatch,
  why: onMatching(runWhy),
};
provideCold(parts);
