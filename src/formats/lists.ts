// Lists that stand in options: names out of a table, numbers of processors.
import type { Bytes } from '../abi/bytes.ts';
import { wholeNumber } from './decimal.ts';
import { type ParseError, parseError } from './parse-error.ts';

/** In the kernel's order: the place is the number. */
export const CAPABILITIES =
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'.split(
    ' ',
  );

/** By what unshare(2) calls them: the bits. */
export const NAMESPACES: Readonly<Record<string, number>> = {
  time: 0x80,
  mount: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  net: 0x40000000,
};

const SIGNALS =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );

const MOST_SIGNAL = 64;
const MOST_PROCESSOR = 8191;
const WORD_BITS = 32;

const withoutPrefix = (text: Bytes, prefix: Bytes): Bytes =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text;

/** Capabilities by number, ascending; `all`: whatever the kernel knows, and we have. */
export type Capabilities = readonly number[] | 'all';

/** `net_bind_service,CAP_KILL`, `all`, `none` */
export const parseCapabilities = (text: Bytes): Capabilities | ParseError => {
  if (text === 'none') return [];
  if (text === 'all') return 'all';
  const found: number[] = [];
  for (const word of text.split(',')) {
    const number = CAPABILITIES.indexOf(withoutPrefix(word.toLowerCase(), 'cap_'));
    if (number < 0) return parseError(`no such capability: ${word}`);
    if (!found.includes(number)) found.push(number);
  }
  return found.sort((one, other) => one - other);
};

/** Bits for unshare(2). */
export const parseNamespaces = (text: Bytes): number | ParseError => {
  let bits = 0;
  for (const word of text.split(',')) {
    if (!Object.hasOwn(NAMESPACES, word)) return parseError(`no such namespace: ${word}`);
    bits |= NAMESPACES[word] as number;
  }
  return bits;
};

/** `TERM`, `SIGTERM` or `15`. */
export const parseSignal = (text: Bytes): number | ParseError => {
  const named = SIGNALS.indexOf(withoutPrefix(text.toUpperCase(), 'SIG')) + 1;
  const number = named > 0 ? named : wholeNumber(text, MOST_SIGNAL);
  return number === null || number === 0 ? parseError(`no such signal: ${text}`) : number;
};

interface Range {
  readonly from: number;
  readonly to: number;
}

const rangeOf = (word: Bytes): Range | null => {
  const dash = word.indexOf('-');
  const from = wholeNumber(dash < 0 ? word : word.slice(0, dash), MOST_PROCESSOR);
  const to = dash < 0 ? from : wholeNumber(word.slice(dash + 1), MOST_PROCESSOR);
  return from === null || to === null || to < from ? null : { from, to };
};

/** `0-3,8` as bits, 32 processors a number. */
export const parseProcessors = (text: Bytes): readonly number[] | ParseError => {
  const words: number[] = [];
  for (const word of text.split(',')) {
    const range = rangeOf(word);
    if (range === null) return parseError(`not a list of processors: ${text}`);
    for (let cpu = range.from; cpu <= range.to; cpu++) {
      const at = Math.floor(cpu / WORD_BITS);
      while (words.length <= at) words.push(0);
      words[at] = ((words[at] as number) | (1 << (cpu % WORD_BITS))) >>> 0;
    }
  }
  return words;
};

const IO_CLASSES = ['none', 'realtime', 'best-effort', 'idle'];
const IO_CLASS_SHIFT = 13;
const MOST_IO_LEVEL = 7;
const USUAL_IO_LEVEL = 4;

/** `best-effort:7`, `idle`, `2:7`: the number that ioprio_set(2) takes. */
export const parseIoPriority = (text: Bytes): number | ParseError => {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const named = IO_CLASSES.indexOf(name);
  const ioClass = named >= 0 ? named : wholeNumber(name, IO_CLASSES.length - 1);
  if (ioClass === null) return parseError(`no such class: ${name}`);
  const leveled = ioClass === 1 || ioClass === 2;
  const level = colon < 0 ? (leveled ? USUAL_IO_LEVEL : 0) : wholeNumber(text.slice(colon + 1), MOST_IO_LEVEL);
  return level === null ? parseError(`not a level from 0 to ${MOST_IO_LEVEL}`) : (ioClass << IO_CLASS_SHIFT) | level;
};
