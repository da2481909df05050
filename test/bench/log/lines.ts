// The lines that loggers are fed with: like a service's, no two neighbours alike, of an exact length.
import { closeSync, openSync, writeSync } from 'node:fs';

const BLOCK_BYTES = 1 << 20;
const WORDS = ['info: request', 'info: answer', 'debug: cache', 'info: session', 'warning: slow', 'info: job'];

/** What every file of lines ends in, so that it can be seen in the log that nothing is missing at its end. */
const lastLine = (length: number): string => `${'the last line'.padEnd(length - 1, '.').slice(0, length - 1)}\n`;

const line = (length: number, n: number): string => {
  const text = `app ${n}: ${WORDS[n % WORDS.length]} ${n * 7919} of user ${n % 97} took ${n % 13} ms, `;
  return `${text.repeat(Math.ceil(length / text.length)).slice(0, length - 1)}\n`;
};

const blockOf = (length: number): Buffer => {
  const count = Math.max(1, Math.floor(BLOCK_BYTES / length));
  return Buffer.from(Array.from({ length: count }, (_, n) => line(length, n)).join(''), 'latin1');
};

export interface Lines {
  readonly bytes: number;
  readonly last: string;
}

/** Writes about `bytes` bytes of lines of `length` bytes each, newline included. */
export const writeLines = (path: string, length: number, bytes: number): Lines => {
  const block = blockOf(length);
  const last = lastLine(length);
  const fd = openSync(path, 'w');
  let written = 0;
  while (written < bytes) written += writeSync(fd, block);
  written += writeSync(fd, last);
  closeSync(fd);
  return { bytes: written, last: last.trimEnd() };
};
