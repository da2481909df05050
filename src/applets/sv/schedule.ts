// How a process was served by the kernel's scheduler.
import { type Bytes, refused } from '../../host/calls.ts';
import { O_RDONLY } from '../../host/linux.ts';
import { sys } from '../../host/sys.ts';

const SCHEDSTAT_BYTES = 100;
const NS_PER_MS = 1e6;

const schedstatOf = (pid: number): Bytes => {
  const fd = sys.open(`/proc/${pid}/schedstat`, O_RDONLY, 0);
  if (refused(fd)) return '';
  const text = sys.read(fd, SCHEDSTAT_BYTES);
  sys.close(fd);
  return refused(text) ? '' : text;
};

/** For how many milliseconds a process could have run, and had no processor; 0 where the kernel does not tell. */
export const waitedForProcessorMs = (pid: number): number => {
  const waited = Number(schedstatOf(pid).split(' ')[1]);
  return waited > 0 ? waited / NS_PER_MS : 0;
};
