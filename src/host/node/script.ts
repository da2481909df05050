// /proc/self/exe where we are a script and the executable is Node: it means Node with the script.
//
// Promises: runsvdir finds its runsv, and `--install` makes links to the script, as with the static executable.
// Read next: ../../effects/process/find-program.ts, ../../applets/runitbox/install.ts (who asks for it).
import { realpathSync } from 'node:fs';
import type { Bytes } from '../../abi/bytes.ts';
import type { Calls } from '../calls.ts';
import { useHost } from '../sys.ts';

const OURSELVES = '/proc/self/exe';

const asBytes = (text: string): Bytes => Buffer.from(text, 'utf8').toString('latin1');

/** From now on the calls map /proc/self/exe to the script. */
export const asScript = (host: Calls): void => {
  const node = asBytes(process.execPath);
  const script = asBytes(realpathSync(process.argv[1] ?? ''));
  const spawn: Calls['spawn'] = (path, argv, ...rest) =>
    path === OURSELVES ? host.spawn(node, [node, script, ...argv], ...rest) : host.spawn(path, argv, ...rest);
  const readlink: Calls['readlink'] = (path) => (path === OURSELVES ? script : host.readlink(path));
  useHost({ ...host, spawn, readlink });
};
