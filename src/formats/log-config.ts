// The file `config` of a log directory: what svlogd is told line by line.
//
// Promises: pure and total; nothing is trimmed, later lines win, keys that nobody knows are passed over, and what
// cannot be understood leaves what was there before and is told. Numbers are read as C svlogd reads them: digits up
// to the first other byte, none is 0. An empty processor or prefix leaves the one before.
// Read next: selection.ts (what becomes of the patterns), ../log/directory.ts (who obeys).
import type { Bytes } from '../host/calls.ts';
import type { Rule, Verdict } from './selection.ts';

export interface UdpTarget {
  /** Four bytes. */
  readonly address: Bytes;
  readonly port: number;
  /** Lines go nowhere else. */
  readonly only: boolean;
}

export interface LogConfig {
  /** Size in bytes at which `current` is rotated; 0: never. */
  readonly sizeBytes: number;
  /** Old files that are kept; 0: all. */
  readonly keep: number;
  /** Old files that are left on a full disk; 0: none is deleted for room. Counts only where it is below `keep`. */
  readonly keepOnFullDisk: number;
  /** Age in seconds at which a `current` that is not empty is rotated; 0: never. */
  readonly ageSec: number;
  /** The shell command that processes rotated files; '': none. */
  readonly processor: Bytes;
  readonly udp: UdpTarget | null;
  /** Goes between stamp and line. */
  readonly prefix: Bytes;
  /** For the log. */
  readonly rules: readonly Rule[];
  /** For standard error. */
  readonly alarmRules: readonly Rule[];
}

export const DEFAULT_LOG_CONFIG: LogConfig = {
  sizeBytes: 1_000_000,
  keep: 10,
  keepOnFullDisk: 10,
  ageSec: 0,
  processor: '',
  udp: null,
  prefix: '',
  rules: [],
  alarmRules: [],
};

export interface ParsedLogConfig {
  readonly config: LogConfig;
  /** What could not be understood: 'unable to scan ip address: TEXT'. */
  readonly warnings: readonly string[];
}

const SYSLOG_PORT = 514;
/** Beyond what any file, number or age comes to. */
const MOST = 2 ** 52;

interface Scanned {
  readonly value: number;
  /** What follows the digits. */
  readonly rest: Bytes;
}

/** The digits at the start of `text`; null where there is none. */
const scan = (text: Bytes): Scanned | null => {
  const digits = /^\d+/.exec(text)?.[0];
  return digits === undefined ? null : { value: Math.min(Number(digits), MOST), rest: text.slice(digits.length) };
};

/** `N` and one of the units known; another suffix is passed over. */
const quantity = (text: Bytes, units: Readonly<Record<string, number>>): number => {
  const number = scan(text);
  return number === null ? 0 : Math.min(number.value * (units[number.rest.charAt(0)] ?? 1), MOST);
};

const SIZES = { k: 1024, m: 1024 * 1024 };
const AGES = { m: 60, h: 3600 };

interface Address {
  readonly bytes: Bytes;
  readonly rest: Bytes;
}

/** Four numbers with dots between; null where there are none. */
const scanAddress = (text: Bytes): Address | null => {
  let bytes = '';
  let rest = text;
  for (let part = 0; part < 4; part++) {
    const number = scan(part === 0 ? rest : rest.slice(1));
    if (number === null || (part > 0 && rest.charAt(0) !== '.')) return null;
    bytes += String.fromCharCode(number.value & 255);
    rest = number.rest;
  }
  return { bytes, rest };
};

class Reader {
  config: LogConfig = DEFAULT_LOG_CONFIG;
  readonly warnings: string[] = [];
  #port = SYSLOG_PORT;

  line(key: Bytes, text: Bytes): void {
    if (key === 's') this.config = { ...this.config, sizeBytes: quantity(text, SIZES) };
    else if (key === 'n') this.config = { ...this.config, keep: quantity(text, {}) };
    else if (key === 'N') this.config = { ...this.config, keepOnFullDisk: quantity(text, {}) };
    else if (key === 't') this.config = { ...this.config, ageSec: quantity(text, AGES) };
    else if (key === '!') this.config = { ...this.config, processor: text === '' ? this.config.processor : text };
    else if (key === 'p') this.config = { ...this.config, prefix: text === '' ? this.config.prefix : text };
    else if (key === 'u' || key === 'U') this.#target(text, key === 'U');
    else if (key === '+' || key === '-') this.#rule('rules', key, text);
    else if (key === 'e' || key === 'E') this.#rule('alarmRules', key === 'e' ? '+' : '-', text);
  }

  #rule(list: 'rules' | 'alarmRules', verdict: Verdict, pattern: Bytes): void {
    this.config = { ...this.config, [list]: [...this.config[list], { verdict, pattern }] };
  }

  #target(text: Bytes, only: boolean): void {
    const found = scanAddress(text);
    if (found === null) {
      this.warnings.push(`unable to scan ip address: ${text}`);
      return;
    }
    const port = found.rest.charAt(0) === ':' ? this.#portIn(found.rest.slice(1)) : SYSLOG_PORT;
    this.#port = port;
    this.config = { ...this.config, udp: { address: found.bytes, port, only } };
  }

  #portIn(text: Bytes): number {
    const port = scan(text)?.value ?? 0;
    if (port !== 0) return port & 0xffff;
    this.warnings.push(`unable to scan port number: ${text}`);
    return this.#port;
  }
}

/** Reads the text of a `config`. A single byte behind the last newline says nothing, as ever; a line ends at a NUL. */
export const parseLogConfig = (text: Bytes): ParsedLogConfig => {
  const reader = new Reader();
  const lines = text.split('\n');
  const last = lines.at(-1) as Bytes;
  if (last.length <= 1) lines.pop();
  for (const line of lines) {
    const said = line.replace(/\0.*/s, '');
    reader.line(said.charAt(0), said.slice(1));
  }
  return { config: reader.config, warnings: reader.warnings };
};
