// Value files: whatever the text, a value within its bounds or one line of words, and the same for blanks around it.
import { isParseError } from '../../../src/formats/parse-error.ts';
import { dependencyWords, namesDependency } from '../../../src/formats/dependency.ts';
import {
  parseDelay,
  parseDescriptor,
  parseInterval,
  parseLimit,
  parseRestart,
  parseSignal,
  parseTimeout,
} from '../../../src/formats/values.ts';
import { faultIn, VALUE_FILES } from '../../../src/formats/value-files.ts';
import { insist, same, type Target } from '../model.ts';

const MOST_MS = 2_147_483_647;

const inBounds = (value: number, least: number, most: number): boolean =>
  Number.isSafeInteger(value) && value >= least && value <= most;

export const valueFiles: Target = {
  name: 'value files',
  files: /src\/formats\/(values|decimal)\.ts$/,
  words: [
    '1000 ',
    '60000',
    '\n',
    '\t',
    '\r',
    'SIG',
    'TERM',
    '64',
    'always',
    'on-failure',
    'never',
    '2147483647',
    '0',
    "'",
  ],
  longest: 300,
  seeds: ['1000 60000 10000\n', '5 60000', ' sigquit\n', 'on-failure', '7s', ''],
  run(input) {
    const ms = parseTimeout(input);
    insist(isParseError(ms) || ms === null || inBounds(ms, 1, MOST_MS), 'a time is one that poll can wait');
    const signal = parseSignal(input);
    insist(isParseError(signal) || inBounds(signal, 1, 64), 'a signal is one');
    const delay = parseDelay(input);
    if (!isParseError(delay)) {
      insist(inBounds(delay.firstMs, 0, delay.maxMs) && inBounds(delay.maxMs, 0, MOST_MS), 'a delay grows');
      insist(inBounds(delay.resetMs, 0, MOST_MS), 'a good run has an end');
    }
    const limit = parseLimit(input);
    if (!isParseError(limit)) {
      insist(inBounds(limit.count, 1, 1000), 'a limit is a count');
      insist(limit.withinMs === null || inBounds(limit.withinMs, 1, MOST_MS), 'and perhaps a time');
    }
    const [descriptor, interval] = [parseDescriptor(input), parseInterval(input)];
    insist(isParseError(descriptor) || inBounds(descriptor, 1, 255), 'a descriptor is one');
    insist(isParseError(interval) || inBounds(interval, 1, MOST_MS), 'an interval is one that poll can wait');
    for (const value of [ms, signal, delay, limit, descriptor, interval, parseRestart(input)]) {
      if (isParseError(value))
        insist(value.wrong.length < 140 && !value.wrong.includes('\n'), 'a fault is one short line');
    }
    const [first = ''] = input.split('\n', 1);
    for (const file of VALUE_FILES) same(faultIn(file, ` \t${first} \r\nmore`), faultIn(file, input), file);
  },
};

export const dependencyFiles: Target = {
  name: 'dependencies',
  files: /src\/formats\/dependency\.ts$/,
  words: ['optional', 'restart', ' ', '\t', '\r', '\n', '.', '/', '..'],
  longest: 300,
  seeds: ['', 'optional\n', 'restart optional', 'optionalrestart', '.hidden', 'a/b'],
  run(input) {
    const { optional, restart, unknown } = dependencyWords(input);
    const [first = ''] = input.split('\n', 1);
    insist(!optional || first.includes('optional'), 'a word that counts is there');
    insist(!restart || first.includes('restart'), 'a word that counts is there');
    insist(
      unknown.every((word) => word !== '' && first.includes(word)),
      'what is told is there',
    );
    same(JSON.stringify(dependencyWords(` \t${first} \r\nmore`)), JSON.stringify(dependencyWords(input)), 'blanks');
    if (namesDependency(input)) insist(!input.includes('/') && input[0] !== '.', 'a name leads nowhere else');
  },
};
