// All specs of the host contract, in the order of src/host/calls.ts.
//
// Every host is held to them: the static executable and Node in full, the virtual kernel to what its capabilities
// name. A new row in the table wants its good case and its characteristic refusals here.
// Read next: case.ts (what a spec is given), then one family.
import { argumentSpecs } from './arguments.ts';
import type { Spec } from './case.ts';
import { closureSpecs } from './closures.ts';
import { epollSpecs } from './epoll.ts';
import { fileSpecs } from './files.ts';
import { inotifySpecs } from './inotify.ts';
import { lineSpecs } from './lines.ts';
import { nameSpecs } from './names.ts';
import { ownSpecs } from './own.ts';
import { pipeSpecs } from './pipes.ts';
import { processSpecs } from './processes.ts';
import { refusalSpecs } from './refusals.ts';
import { selfSpecs } from './self.ts';
import { signalSpecs } from './signals.ts';
import { socketSpecs } from './sockets.ts';
import { terminalSpecs } from './terminal.ts';
import { textSpecs } from './texts.ts';

export const specs: readonly Spec[] = [
  ...fileSpecs,
  ...nameSpecs,
  ...lineSpecs,
  ...pipeSpecs,
  ...epollSpecs,
  ...inotifySpecs,
  ...terminalSpecs,
  ...signalSpecs,
  ...socketSpecs,
  ...argumentSpecs,
  ...refusalSpecs,
  ...processSpecs,
  ...selfSpecs,
  ...ownSpecs,
  ...textSpecs,
  ...closureSpecs,
];
