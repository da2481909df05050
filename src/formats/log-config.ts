// The file `config` of a log directory: what svlogd is told line by line.
//
// Promises: pure and total; later lines win, keys that nobody knows are passed over, and what cannot be understood leaves
// what was there before. Nothing is trimmed, but for the carriage returns of a text that has them at all ends. Numbers are
// read as C svlogd reads them: digits up to the first other byte, none is 0. An empty processor or prefix leaves the one
// before. All of this is told.
// Read next: selection.ts (what becomes of the patterns), ../log/directory.ts (who obeys).
import type { Bytes } from '../abi/bytes.ts';
import { LONGEST_PATTERN, type Rule, type Verdict } from './selection.ts';

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
  /** There is a line that says so. */
  readonly keepIsSaid: boolean;
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
  /** Of complete files; while one is written its owner's x is left out. */
  readonly mode: number;
  /** Whom files are given to, `USER[:GROUP]`; '': nobody. */
  readonly owner: Bytes;
}

export const DEFAULT_LOG_CONFIG: LogConfig = {
  sizeBytes: 1_000_000,
  keep: 10,
  keepIsSaid: false,
  keepOnFullDisk: 10,
  ageSec: 0,
  processor: '',
  udp: null,
  prefix: '',
  rules: [],
  alarmRules: [],
  mode: 0o744,
  owner: '',
};

export interface ParsedLogConfig {
  readonly config: LogConfig;
  /** What could not be understood: 'unable to scan ip address: TEXT'. */
  readonly warnings: readonly string[];
  /** What was passed over, or taken otherwise than it may be meant: 'line 3: no number, 0 is taken: sx'. */
  readonly faults: readonly string[];
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

/** What people call the unit that a number has without one. */
const NAMES = { s: 'bytes', t: 'seconds', n: 'files', N: 'files' } as const;
const UNITS = { s: SIZES, t: AGES, n: {}, N: {} } as const;

/** What is wrong with a number, and what is made of it; '': nothing. */
const numberFault = (key: keyof typeof UNITS, text: Bytes): string => {
  const number = scan(text);
  if (number === null) return `no number, 0 is taken: ${key}${text}`;
  const value = quantity(text, UNITS[key]);
  if (value === MOST) return `number too large, ${MOST} is taken: ${key}${text}`;
  const { rest } = number;
  const known = rest.charAt(0) in UNITS[key];
  return rest.length > (known ? 1 : 0) ? `only ${value} ${NAMES[key]} are taken: ${key}${text}` : '';
};

const MODE = /^[0-7]{3,4}$/;
const MODE_MOST = 0o777;
/** Its owner has to read and to write it. */
const OWNERS = 0o600;

/** A value to show: no line of ours has control bytes in it. */
const shown = (text: Bytes): Bytes => text.slice(0, 100).replace(/[^ -~]/g, '?');

/** How many faults are reported one by one. */
const FAULTS_TOLD = 10;

const few = (faults: readonly string[]): readonly string[] =>
  faults.length <= FAULTS_TOLD
    ? faults
    : [...faults.slice(0, FAULTS_TOLD), `${faults.length - FAULTS_TOLD} more lines that are wrong`];

class Reader {
  config: LogConfig = DEFAULT_LOG_CONFIG;
  readonly warnings: string[] = [];
  readonly faults: string[] = [];
  readonly rules: Rule[] = [];
  readonly alarmRules: Rule[] = [];
  #port = SYSLOG_PORT;
  #line = 0;

  /** One line: `key` is its first byte, `text` what is behind it. */
  line(key: Bytes, text: Bytes): void {
    this.#line++;
    if (key === 's') this.config = { ...this.config, sizeBytes: this.#number(key, text) };
    else if (key === 'n') this.config = { ...this.config, keep: this.#number(key, text), keepIsSaid: true };
    else if (key === 'N') this.config = { ...this.config, keepOnFullDisk: this.#number(key, text) };
    else if (key === 't') this.config = { ...this.config, ageSec: this.#number(key, text) };
    else if (key === '!') this.config = { ...this.config, processor: this.#something(key, text, 'processor') };
    else if (key === 'p') this.config = { ...this.config, prefix: this.#something(key, text, 'prefix') };
    else if (key === 'u' || key === 'U') this.#target(text, key === 'U');
    else if (key === '+' || key === '-') this.#rule('rules', key, text);
    else if (key === 'e' || key === 'E') this.#rule('alarmRules', key === 'e' ? '+' : '-', text);
    else if (key !== '' && key !== '#') this.#word(key + text);
  }

  /** The faults of the next line. */
  tell(fault: string): void {
    this.#tell(this.#line + 1, fault);
  }

  #tell(line: number, fault: string): void {
    this.faults.push(`line ${line}: ${shown(fault)}`);
  }

  #number(key: keyof typeof UNITS, text: Bytes): number {
    const fault = numberFault(key, text);
    if (fault !== '') this.#tell(this.#line, fault);
    return quantity(text, UNITS[key]);
  }

  #something(key: Bytes, text: Bytes, name: 'processor' | 'prefix'): Bytes {
    if (text === '') this.#tell(this.#line, `nothing behind it: ${key}`);
    return text === '' ? this.config[name] : text;
  }

  /** `mode 0640` and `owner USER[:GROUP]`, which C svlogd passes over. */
  #word(line: Bytes): void {
    const [, word, value] = /^(mode|owner)[ =](.*)$/s.exec(line) ?? [];
    if (word === undefined || value === undefined) this.#tell(this.#line, `unknown: ${line}`);
    else if (word === 'owner') this.config = { ...this.config, owner: value };
    else this.#mode(value);
  }

  #mode(value: Bytes): void {
    const mode = MODE.test(value) ? Number.parseInt(value, 8) : -1;
    if (mode > MODE_MOST || (mode & OWNERS) !== OWNERS || mode < 0) {
      this.#tell(this.#line, `no mode from 0600 to 0777: mode ${value}`);
    } else this.config = { ...this.config, mode };
  }

  #rule(list: 'rules' | 'alarmRules', verdict: Verdict, pattern: Bytes): void {
    this[list].push({ verdict, pattern });
    if (pattern.length > LONGEST_PATTERN)
      this.#tell(this.#line, `cut to ${LONGEST_PATTERN} bytes: ${verdict}${pattern}`);
  }

  result(): ParsedLogConfig {
    const { rules, alarmRules, warnings, faults } = this;
    return { config: { ...this.config, rules, alarmRules }, warnings, faults: few(faults) };
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

/** A text that was written on another system: every line that is not empty ends in a carriage return. */
const isCrLf = (lines: readonly Bytes[]): boolean => {
  const said = lines.filter((line) => line !== '');
  return said.length > 0 && said.every((line) => line.endsWith('\r'));
};

/** Reads the text of a `config`. A single byte behind the last newline says nothing, as ever; a line ends at a NUL. */
export const parseLogConfig = (text: Bytes): ParsedLogConfig => {
  const reader = new Reader();
  const lines = text.split('\n');
  const last = lines.at(-1) as Bytes;
  if (last.length <= 1) lines.pop();
  const crLf = isCrLf(lines);
  if (crLf) reader.faults.push('carriage returns at the ends of all lines are left out');
  for (const line of lines) {
    const whole = crLf && line !== '' ? line.slice(0, -1) : line;
    const said = whole.replace(/\0.*/s, '');
    if (said !== whole) reader.tell(`what is behind a NUL byte is left out: ${said}`);
    if (said.endsWith('\r') && said.charAt(0) !== '#')
      reader.tell(`it ends in a carriage return: ${said.slice(0, -1)}`);
    reader.line(said.charAt(0), said.slice(1));
  }
  return reader.result();
};
