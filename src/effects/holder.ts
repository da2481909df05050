// Who holds the lock of a service: a runsv that an earlier runsvdir left running.
import { type Bytes, refused } from '../host/calls.ts';
import { O_RDONLY } from '../host/linux.ts';
import { sys } from '../host/sys.ts';

const CHUNK = 65536;

const readAll = (path: Bytes): Bytes => {
  const fd = sys.open(path, O_RDONLY, 0);
  if (refused(fd)) return '';
  let text = '';
  for (;;) {
    const part = sys.read(fd, CHUNK);
    if (refused(part) || part === '') break;
    text += part;
  }
  sys.close(fd);
  return text;
};

/** MAJOR:MINOR:INODE as /proc/locks writes them. */
const lockName = (device: number, inodeLow: number, inodeHigh: number): string => {
  // the kernel's major and minor, out of the C library's wider device number
  const high = Math.floor(device / 0x100000000);
  const low = device % 0x100000000;
  const major = ((low >>> 8) & 0xfff) | (high & ~0xfff);
  const minor = (low & 0xff) | ((low >>> 12) & 0xfff00);
  const hex = (n: number): string => n.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${inodeHigh * 0x100000000 + inodeLow}`;
};

/** The process that holds SERVICE/supervise/lock; null where none is known. */
export const holderOf = (service: Bytes): number | null => {
  const stat = sys.stat(`${service}/supervise/lock`);
  if (refused(stat)) return null;
  const name = lockName(stat[1], stat[2], stat[3]);
  for (const line of readAll('/proc/locks').split('\n')) {
    const [, kind, , , pid, where] = line.split(' ').filter((word) => word !== '');
    if (kind === 'FLOCK' && where === name) return Number(pid) > 1 ? Number(pid) : null;
  }
  return null;
};
