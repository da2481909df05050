// Parses `config`, the configuration file of a log directory.
//
// Promises: pure and total; later lines win, unknown keys are ignored, an invalid value leaves the earlier one. Nothing is
// trimmed, except carriage returns if every line ends with one. Numbers are read as runit reads them: digits up to the
// first other byte, 0 without digits. An empty processor or prefix leaves the earlier one. Each such line is reported.
// Read next: selection.ts (patterns), ../log/config.ts (which applies the result).
import type { Bytes } from '../abi/bytes.ts';
import { LONGEST_PATTERN, type Rule, type Verdict } from './selection.ts';

export interface UdpTarget {
  /** Four bytes. */
  readonly address: Bytes;
  readonly port: number;
  /** Lines are not written to `current`. */
  readonly only: boolean;
}

export interface LogConfig {
  /** Size in bytes at which `current` is rotated; 0: never. */
  readonly sizeBytes: number;
  /** How many old files are kept; 0: all. */
  readonly keep: number;
  /** Whether `config` has an `n` line. */
  readonly keepIsSaid: boolean;
  /** On a full disk old files are deleted down to this number. Ignored unless it is below `keep`. */
  readonly keepOnFullDisk: number;
  /** Age in seconds at which a non-empty `current` is rotated; 0: never. */
  readonly ageSec: number;
  /** The shell command that processes rotated files; '': none. */
  readonly processor: Bytes;
  readonly udp: UdpTarget | null;
  /** Text between stamp and line. */
  readonly prefix: Bytes;
  /** Patterns for the log. */
  readonly rules: readonly Rule[];
  /** Patterns for standard error. */
  readonly alarmRules: readonly Rule[];
  /** The mode of complete files; `current` lacks the owner's x while it is written. */
  readonly mode: number;
  /** The owner of files, `USER[:GROUP]`; '': unchanged. */
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
  /** runit's own warnings: 'unable to scan ip address: TEXT'. */
  readonly warnings: readonly string[];
  /** Lines that were ignored, or may not mean what was intended: 'line 3: expected a number, using 0: sx'. */
  readonly faults: readonly string[];
}

const SYSLOG_PORT = 514;
/** More than any size, number or age. */
const MOST = 2 ** 52;

interface Scanned {
  readonly value: number;
  /** What follows the digits. */
  readonly rest: Bytes;
}

/** The digits at the start of `text`; null: none. */
const scan = (text: Bytes): Scanned | null => {
  const digits = /^\d+/.exec(text)?.[0];
  return digits === undefined ? null : { value: Math.min(Number(digits), MOST), rest: text.slice(digits.length) };
};

/** A number and an optional unit; any other suffix is ignored. */
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

/** An IPv4 address in dotted notation; null: none. */
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

/** The name of the unit of a number without suffix. */
const NAMES = { s: 'bytes', t: 'seconds', n: 'files', N: 'files' } as const;
const UNITS = { s: SIZES, t: AGES, n: {}, N: {} } as const;

/** What is wrong with a number, and the value used; '': nothing. */
const numberFault = (key: keyof typeof UNITS, text: Bytes): string => {
  const number = scan(text);
  if (number === null) return `expected a number, using 0: ${key}${text}`;
  const value = quantity(text, UNITS[key]);
  if (value === MOST) return `number too large, using ${MOST}: ${key}${text}`;
  const { rest } = number;
  const known = rest.charAt(0) in UNITS[key];
  return rest.length > (known ? 1 : 0) ? `trailing text ignored, using ${value} ${NAMES[key]}: ${key}${text}` : '';
};

const MODE = /^[0-7]{3,4}$/;
const MODE_MOST = 0o777;
/** The owner must be able to read and write. */
const OWNERS = 0o600;

/** A value for a message, without control bytes. */
const shown = (text: Bytes): Bytes => text.slice(0, 100).replace(/[^ -~]/g, '?');

/** How many faults are reported, one line each. */
const FAULTS_TOLD = 10;

const few = (faults: readonly string[]): readonly string[] =>
  faults.length <= FAULTS_TOLD
    ? faults
    : [...faults.slice(0, FAULTS_TOLD), `${faults.length - FAULTS_TOLD} more lines with errors`];

class Reader {
  config: LogConfig = DEFAULT_LOG_CONFIG;
  readonly warnings: string[] = [];
  readonly faults: string[] = [];
  readonly rules: Rule[] = [];
  readonly alarmRules: Rule[] = [];
  #port = SYSLOG_PORT;
  #line = 0;

  /** One line: `key` is its first byte, `text` the rest. */
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

  /** Reports a fault in the next line. */
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
    if (text === '') this.#tell(this.#line, `empty value ignored: ${key}`);
    return text === '' ? this.config[name] : text;
  }

  /** `mode 0640` and `owner USER[:GROUP]`, which runit's svlogd ignores. */
  #word(line: Bytes): void {
    const [, word, value] = /^(mode|owner)[ =](.*)$/s.exec(line) ?? [];
    if (word === undefined || value === undefined) this.#tell(this.#line, `unknown setting: ${line}`);
    else if (word === 'owner') this.config = { ...this.config, owner: value };
    else this.#mode(value);
  }

  #mode(value: Bytes): void {
    const mode = MODE.test(value) ? Number.parseInt(value, 8) : -1;
    if (mode > MODE_MOST || (mode & OWNERS) !== OWNERS || mode < 0) {
      this.#tell(this.#line, `expected a mode from 0600 to 0777: mode ${value}`);
    } else this.config = { ...this.config, mode };
  }

  #rule(list: 'rules' | 'alarmRules', verdict: Verdict, pattern: Bytes): void {
    this[list].push({ verdict, pattern });
    if (pattern.length > LONGEST_PATTERN)
      this.#tell(this.#line, `pattern truncated to ${LONGEST_PATTERN} bytes: ${verdict}${pattern}`);
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

/** Whether every non-empty line ends with a carriage return. */
const isCrLf = (lines: readonly Bytes[]): boolean => {
  const said = lines.filter((line) => line !== '');
  return said.length > 0 && said.every((line) => line.endsWith('\r'));
};

/** Parses a `config`. As in runit, a single byte after the last newline is ignored, and a line ends at a NUL byte. */
export const parseLogConfig = (text: Bytes): ParsedLogConfig => {
  const reader = new Reader();
  const lines = text.split('\n');
  const last = lines.at(-1) as Bytes;
  if (last.length <= 1) lines.pop();
  const crLf = isCrLf(lines);
  if (crLf) reader.faults.push('carriage returns at the ends of all lines ignored');
  for (const line of lines) {
    const whole = crLf && line !== '' ? line.slice(0, -1) : line;
    const said = whole.replace(/\0.*/s, '');
    if (said !== whole) reader.tell(`text after a NUL byte ignored: ${said}`);
    if (said.endsWith('\r') && said.charAt(0) !== '#') reader.tell(`ends with a carriage return: ${said.slice(0, -1)}`);
    reader.line(said.charAt(0), said.slice(1));
  }
  return reader.result();
};
