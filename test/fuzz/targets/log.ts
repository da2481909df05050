// svlogd's configuration, its patterns beside a second reading of them, its labels and its file names.
import { DEFAULT_LOG_CONFIG, parseLogConfig } from '../../../src/formats/log-config.ts';
import { expendable, halfWritten, surplus, unprocessed } from '../../../src/formats/log-names.ts';
import { packRules } from '../../../src/formats/selection.ts';
import type { Calls } from '../../../src/host/calls.ts';
import { isErrno } from '../../../src/host/calls.ts';
import { nodeHost } from '../../contract/node-host.ts';
import { VirtualKernel } from '../../sim/kernel/kernel.ts';
import { insist, same, type Target } from '../model.ts';

const MOST = 2 ** 52;

export const logConfig: Target = {
  name: 'svlogd config',
  files: /src\/formats\/(log-config|selection)\.ts$/,
  words: [
    's1k\n',
    'n10\n',
    'N5\n',
    't1h\n',
    '!cmd\n',
    'u1.2.3.4:5\n',
    'U1.2.3.4\n',
    'p: \n',
    '+a*\n',
    '-*\n',
    'e*\n',
    'E*\n',
    'm',
    '99999999999999999999',
  ],
  longest: 1000,
  seeds: [
    's4096\nn3\nN1\nt5m\n!gzip\nu127.0.0.1:5140\npx \n-*\n+a*b\neerr*\nE*\n',
    'U1.2.3\nu1.2.3.4:x\ns\nn',
    '\0\n#\ns1\0k',
  ],
  run(input) {
    const { config, warnings } = parseLogConfig(input);
    const { sizeBytes, keep, keepOnFullDisk, ageSec, udp, rules, alarmRules } = config;
    for (const number of [sizeBytes, keep, keepOnFullDisk, ageSec]) {
      insist(Number.isInteger(number) && number >= 0 && number <= MOST, 'a number is within its bounds');
    }
    insist(udp === null || (udp.address.length === 4 && udp.port >= 0 && udp.port <= 0xffff), 'an address is one');
    insist(!/[\n\0]/.test(config.processor + config.prefix), 'a command is one line');
    insist(rules.length + alarmRules.length + warnings.length <= input.split('\n').length * 2, 'no more than lines');
    if (input === '') same(config, DEFAULT_LOG_CONFIG, 'nothing said');
    for (const list of [rules, alarmRules]) {
      const answer = host().lines('a line\n', 0, 0, '', packRules('+', list), 1000, 1000, 0);
      insist(!isErrno(answer), 'packed rules are rules');
    }
  },
};

let made: Calls | null = null;
const host = (): Calls => {
  made ??= nodeHost();
  return made;
};

/** Patterns a line up to an empty one, then lines of a log. */
export const patterns: Target = {
  name: 'svlogd patterns',
  files: /(src\/formats\/selection|test\/sim\/kernel\/lines)\.ts$/,
  words: ['+', '*', '-', '**', '++', '*+', '\n\n', '\na', '-*\n', '+*b\n', 'aab', '\0'],
  longest: 600,
  seeds: ['-*\n+a*b+c\n\naxxbc\nabc\nb\n', '+*\n-++\n\n++\n+\n\n', '-a+b\n\nab\na\nabb', '+\n-\n\n\n'],
  run(input) {
    const at = input.indexOf('\n\n');
    const rules = (at < 0 ? input : input.slice(0, at)).split('\n').map((line) => ({
      verdict: line.charAt(0) === '-' ? ('-' as const) : ('+' as const),
      pattern: line.slice(1),
    }));
    const text = at < 0 ? 'aab\n+\n' : input.slice(at + 2);
    const packed = packRules('+', rules);
    const reference = new VirtualKernel().calls;
    for (const limit of [1, 7, 1000]) {
      for (const brief of [0, 1] as const) {
        const asked = [text, 0, 0, 'h ', packed, limit, 100_000, brief] as const;
        same(host().lines(...asked), reference.lines(...asked), `lines of up to ${limit}`);
      }
    }
  },
};

export const logNames: Target = {
  name: 'names of log files',
  files: /src\/formats\/log-names\.ts$/,
  words: ['@400000000000000000000000.s', '@400000000000000000000001.u', '.t', '\n', 'current', '@'],
  longest: 600,
  seeds: ['@400000000000000000000000.s\n@400000000000000000000001.u\n@400000000000000000000002.t\ncurrent'],
  run(input) {
    const names = input.split('\n');
    for (const keep of [0, 1, 2, 100]) {
      for (const areWaiting of [true, false]) {
        const gone = surplus(names, keep, names[0] as string, 3, areWaiting);
        for (const name of gone) insist(names.includes(name), 'what goes is there');
        insist(gone.length <= 6, 'no more goes than may at a time');
        insist(!gone.includes(names[0] as string), 'the newest stays');
      }
      const least = expendable(names, 2, keep);
      insist(least === null || names.includes(least), 'what a full disk takes is there');
    }
    same(unprocessed(names).length + halfWritten(names).length <= names.length, true, 'each is one thing');
  },
};
