// Why a file that is there cannot be executed: its head names a program that runs it, a script's `#!` line or an executable's
// loader, and that one may be missing.
//
// Promises: pure; reads `#!` as the kernel does. Bytes that would act on a terminal are shown, not passed on.
// Read next: ../effects/process/interpreter.ts (who asks).
import type { Bytes } from '../abi/bytes.ts';

/** How many bytes of a file the kernel looks at for a `#!` line. */
const SCRIPT_HEAD = 256;

const isBlank = (char: Bytes): boolean => char === ' ' || char === '\t';
const endsName = (char: Bytes): boolean => isBlank(char) || char === '\n' || char === '\0';

const scriptInterpreter = (head: Bytes): Bytes | null => {
  const line = head.slice(0, SCRIPT_HEAD);
  let from = 2;
  while (isBlank(line.charAt(from))) from++;
  let to = from;
  while (to < line.length && !endsName(line.charAt(to))) to++;
  return to > from ? line.slice(from, to) : null;
};

const PT_INTERP = 3;

/** A number in the byte order that the ELF file tells; NaN beyond the end. */
const numberAt = (head: Bytes, at: number, bytes: number): number => {
  const bigEndian = head[5] === '\x02';
  let value = 0;
  for (let byte = 0; byte < bytes; byte++) {
    value = value * 256 + head.charCodeAt(bigEndian ? at + byte : at + bytes - 1 - byte);
  }
  return value;
};

/** Where a 64-bit or 32-bit ELF file has what is needed here. */
const ELF_64 = { word: 8, tableAt: 32, entryAt: 54, countAt: 56, offsetAt: 8, sizeAt: 32 } as const;
const ELF_32 = { word: 4, tableAt: 28, entryAt: 42, countAt: 44, offsetAt: 4, sizeAt: 16 } as const;

const elfInterpreter = (head: Bytes): Bytes | null => {
  const { word, tableAt, entryAt, countAt, offsetAt, sizeAt } = head[4] === '\x02' ? ELF_64 : ELF_32;
  const table = numberAt(head, tableAt, word);
  const entry = numberAt(head, entryAt, 2);
  const count = numberAt(head, countAt, 2);
  for (let at = table, left = count; left > 0 && at < head.length; at += entry, left--) {
    if (numberAt(head, at, 4) !== PT_INTERP) continue;
    const offset = numberAt(head, at + offsetAt, word);
    const name = head.slice(offset, offset + numberAt(head, at + sizeAt, word)).split('\0', 1)[0] as Bytes;
    return name === '' ? null : name;
  }
  return null;
};

/** The program that runs a file which begins with `head`; null where it names none. */
export const interpreterIn = (head: Bytes): Bytes | null => {
  if (head.startsWith('#!')) return scriptInterpreter(head);
  return head.startsWith('\x7fELF') ? elfInterpreter(head) : null;
};

const shown = (char: Bytes): Bytes => (char === '\r' ? '\\r' : '?');

/** `interpreter /bin/sh\r: file does not exist, the line ends in CR LF` */
export const interpreterFault = (interpreter: Bytes, why: string): Bytes => {
  const name = interpreter.replace(/[\x00-\x1f\x7f]/g, shown);
  return `interpreter ${name}: ${why}${interpreter.endsWith('\r') ? ', the line ends in CR LF' : ''}`;
};
