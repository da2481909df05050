// The contract under Node without vitest: `node test/contract/node-main.ts [part of a title]`.
import { contractMain } from './run.ts';
import { nodeCan, nodeHost } from './node-host.ts';

process.exitCode = contractMain(nodeHost(), nodeCan);
