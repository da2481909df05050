// What became of a process that its runsv, on a busy machine, had no time to tell.
import { type Bytes, refused } from '../../host/calls.ts';
import { O_RDONLY } from '../../host/linux.ts';
import { sys } from '../../host/sys.ts';

const BYTES = 400;
const NS_PER_MS = 1e6;

const factsOf = (pid: number, file: 'stat' | 'schedstat'): Bytes => {
  const fd = sys.open(`/proc/${pid}/${file}`, O_RDONLY, 0);
  if (refused(fd)) return '';
  const text = sys.read(fd, BYTES);
  sys.close(fd);
  return refused(text) ? '' : text;
};

const isZombie = (pid: number): boolean => {
  const stat = factsOf(pid, 'stat');
  return stat.startsWith(') Z', stat.lastIndexOf(')'));
};

/**
 * For how many milliseconds a process could have run, and had no processor; 0 where the kernel does not tell, without
 * bound for one that has ended already.
 */
export const waitedForProcessorMs = (pid: number): number => {
  if (isZombie(pid)) return Number.POSITIVE_INFINITY;
  const waited = Number(factsOf(pid, 'schedstat').split(' ')[1]);
  return waited > 0 ? waited / NS_PER_MS : 0;
};
