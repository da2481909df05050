// The line that describes a service: `run: foo: (pid 123) 5s, normally down, want down`.
//
// Promises: pure; people and scripts parse this line, so not a byte differs from C's.
import type { Status } from '../formats/status.ts';
import type { Bytes } from '../abi/bytes.ts';

const flags = (status: Status, downFile: boolean): readonly string[] => {
  const { paused, want, gotTerm } = status;
  if (status.pid === 0) return [...(downFile ? [] : ['normally up']), ...(want === 'up' ? ['want up'] : [])];
  return [
    ...(downFile ? ['normally down'] : []),
    ...(paused ? ['paused'] : []),
    ...(want === 'down' ? ['want down'] : []),
    ...(gotTerm ? ['got TERM'] : []),
  ];
};

/** `nowSec`: Unix seconds. `downFile`: whether the service directory has a file `down`. */
export const statusLine = (name: Bytes, status: Status, nowSec: number, downFile: boolean): Bytes => {
  // By the state, where the flags go by the pid: that differs only in a status that no runsv writes.
  const pid = status.phase === 'down' ? '' : `(pid ${status.pid}) `;
  const seconds = Math.max(0, nowSec - status.sec);
  const words = flags(status, downFile).map((flag) => `, ${flag}`);
  return `${status.phase}: ${name}: ${pid}${seconds}s${words.join('')}`;
};
