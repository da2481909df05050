// Values of options, heads of executables, records of logins: readers of a few bytes.
import { limitNumber, MOST_ID, signedNumber, UNLIMITED, wholeNumber } from '../../../src/formats/decimal.ts';
import { interpreterFault, interpreterIn } from '../../../src/formats/interpreter.ts';
import { newLimits, parseLimit } from '../../../src/formats/limits.ts';
import {
  parseCapabilities,
  parseIoPriority,
  parseNamespaces,
  parseProcessors,
  parseSignal,
} from '../../../src/formats/lists.ts';
import { findLogin, loggedOut, logoutRecord, UTMP_384, UTMP_400 } from '../../../src/formats/utmp.ts';
import { isParseError } from '../../../src/formats/parse-error.ts';
import { insist, same, type Target } from '../model.ts';

export const values: Target = {
  name: 'values of options',
  files: /src\/formats\/(decimal|limits|lists)\.ts$/,
  words: [
    'nofile=',
    'unlimited',
    ':',
    ',',
    'all',
    'none',
    'cap_',
    'net_bind_service',
    'SIG',
    'TERM',
    'best-effort:',
    '0-3',
    '8191',
    'pid',
    'toString',
    '__proto__',
  ],
  longest: 200,
  seeds: [
    'nofile=1024:4096',
    'core=unlimited',
    'kill,CAP_CHOWN',
    'mount,pid',
    'SIGTERM',
    '0-3,8',
    'realtime:7',
    'idle',
    '+5',
    '18446744073709551615',
  ],
  run(input) {
    const number = wholeNumber(input, MOST_ID);
    insist(number === null || (/^\d+$/.test(input) && number === Number(input)), 'a number is digits');
    const signed = signedNumber(input, -20, 19);
    insist(signed === null || (signed >= -20 && signed <= 19 && /^[+-]?\d+$/.test(input)), 'a level is within bounds');
    const limit = limitNumber(input);
    insist(limit === null || limit === UNLIMITED || limit >= 0, 'a limit is one');
    const parsed = parseLimit(input);
    if (!isParseError(parsed)) {
      const [soft, hard] = newLimits(parsed, [100, 1000]);
      insist(Number.isFinite(soft) && Number.isFinite(hard), 'limits are numbers');
    }
    const capabilities = parseCapabilities(input);
    if (!isParseError(capabilities) && capabilities !== 'all') {
      same(
        [...new Set(capabilities)].sort((a, b) => a - b),
        capabilities,
        'each capability once, in order',
      );
    }
    for (const bits of [parseProcessors(input)].filter((it) => !isParseError(it))) {
      insist(
        (bits as readonly number[]).every((word) => word >= 0 && word < 2 ** 32),
        'words of 32 bits',
      );
      insist((bits as readonly number[]).length <= 256, 'as many as the kernel takes');
    }
    const signal = parseSignal(input);
    insist(isParseError(signal) || (signal >= 1 && signal <= 64), 'a signal is one');
    const spaces = parseNamespaces(input);
    insist(isParseError(spaces) || (Number.isInteger(spaces) && spaces > 0), 'namespaces are bits');
    const priority = parseIoPriority(input);
    insist(isParseError(priority) || (priority >= 0 && priority < 2 ** 15 + 8), 'a priority is one');
    for (const each of [parsed, capabilities, signal, spaces, priority]) {
      insist(!isParseError(each) || each.wrong !== '', 'what is wrong is said');
    }
  },
};

export const heads: Target = {
  name: 'heads of executables',
  files: /src\/formats\/interpreter\.ts$/,
  words: [
    '#!',
    '#!/bin/sh',
    '\r\n',
    '\x7fELF\x02',
    '\x7fELF\x01',
    '\0'.repeat(8),
    '\x40\0\0\0\0\0\0\0',
    '\x38\0\x01\0',
    '\x03\0\0\0',
    '\xff\xff',
  ],
  longest: 1000,
  seeds: [
    '#!/bin/sh -e\r\n',
    `${`\x7fELF\x02`.padEnd(32, '\0')}\x40${'\0'.repeat(21)}\x38\0\x02\0`.padEnd(64, '\0') +
      `\x03\0\0\0${'\0'.repeat(4)}\x80${'\0'.repeat(23)}\x06`.padEnd(64, '\0') +
      '/ld.so\0',
    `${`\x7fELF\x01`.padEnd(28, '\0')}\x34${'\0'.repeat(13)}\x20\0\x01\0`.padEnd(52, '\0') +
      `\x03\0\0\0\x54${'\0'.repeat(11)}\x03\0\0\0`.padEnd(32, '\0') +
      '/ld\0',
  ],
  run(input) {
    const interpreter = interpreterIn(input);
    if (interpreter === null) return;
    insist(interpreter !== '' && !interpreter.includes('\0'), 'an interpreter has a name');
    insist(input.includes(interpreter), 'the name stands in the file');
    insist(/^[^\x00-\x1f\x7f]*$/.test(interpreterFault(interpreter, 'why')), 'nothing acts on a terminal');
  },
};

export const logins: Target = {
  name: 'records of logins',
  files: /src\/formats\/utmp\.ts$/,
  words: ['tty1', '\0'.repeat(32), '\x07\0', 'root', '\xff'.repeat(8), 'x'.repeat(32)],
  longest: 1600,
  seeds: [`${'\x07\0\0\0\x05\0\0\0'}${'tty1'.padEnd(36, '\0')}root`.padEnd(384, '\0'), 'tty1'],
  run(input) {
    for (const layout of [UTMP_384, UTMP_400]) {
      for (const line of ['tty1', '', 'x'.repeat(32)]) {
        const at = findLogin(input, line, layout);
        insist(at === -1 || (at % layout.size === 0 && at + layout.size <= input.length), 'a record is whole');
        if (at < 0) continue;
        const record = loggedOut(input.slice(at, at + layout.size), 1_700_000_000, layout);
        same(record.length, layout.size, 'its size');
        same(findLogin(record, line, layout), -1, 'who has logged out');
      }
    }
    same(logoutRecord(input.slice(0, 32), 1, UTMP_384).length, 384, 'the size of a new record');
  },
};
