import { contract } from './contract.ts';
import { nodeCan, nodeHost } from './node-host.ts';
import { freshDirectory, removeTree } from './run.ts';

const sys = nodeHost();
let made = 0;

contract('Node', nodeCan, () => {
  const dir = freshDirectory(sys, made++);
  return { sys, dir, discard: () => removeTree(sys, dir) };
});
