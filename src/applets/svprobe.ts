// svprobe: one look at a page, a port, a socket or a file, for `check` and health checks where there is no curl.
//
// Promises: ends within its time, with 0 or with one line of why. As the interpreter of a script it takes all its options as one
// word, as the kernel passes them, and ignores the name of the script.
// Read next: svprobe/run.ts.
import type { Bytes } from '../abi/bytes.ts';
import type { Applet, Help } from '../cli/applet.ts';
import { type Usage, usageWithPointer } from '../cli/usage.ts';
import { parseOptions, problemLine } from '../cli/options.ts';
import { err, visible } from '../cli/say.ts';
import { wholeNumber } from '../formats/decimal.ts';
import { runProbe } from './svprobe/run.ts';

const NAME = 'svprobe';
const USAGE_CODE = 100;
const DEFAULT_MS = 1000;
const MOST_MS = 3_600_000;

const usage: Usage = {
  operands: 'http://host:port/path | tcp:host:port | unix:path | file:path',
  options: [{ letter: 't', value: 'ms', text: `fail after ms milliseconds (default ${DEFAULT_MS})` }],
};

const makeHelp = (): Help => ({
  ...usage,
  description:
    'Exits with 0 if a server answers with a status from 200 to 399, a connection is accepted, or a file exists. host is an IPv4 ' +
    'address, an IPv6 address in brackets, or localhost. Redirects are not followed; there is no TLS.\n\n' +
    'As the interpreter of a script it makes a complete ./check, which needs no shell.',
  examples: [
    { command: 'svprobe http://127.0.0.1:8080/healthz', text: 'test a web server' },
    {
      command: "printf '#!/usr/bin/svprobe tcp:127.0.0.1:5432\\n' >check; chmod +x check",
      text: 'as ./check of a service',
    },
  ],
  exitCodes: [
    { code: '0', text: 'the test succeeded' },
    { code: '1', text: 'the test failed; one line says why' },
    { code: '100', text: 'wrong usage' },
  ],
});

const wrong = (line: Bytes): number => {
  err(line);
  return USAGE_CODE;
};

/** `#!/bin/svprobe -t 500 tcp:...`: the kernel passes one word. */
const wordsOf = ([first = '', ...others]: readonly Bytes[]): readonly Bytes[] =>
  first[0] === '-' && first.includes(' ') ? [...first.split(/[ \t]+/), ...others] : [first, ...others];

const run = ([argv0 = NAME, ...args]: readonly Bytes[]): number => {
  const pointer = usageWithPointer(argv0, NAME, usage);
  const parsed = parseOptions(usage.options, wordsOf(args));
  if (parsed.kind === 'problem') return wrong(problemLine(argv0, parsed) + pointer);
  const [target = '', , further] = parsed.rest;
  if (target === '' || further !== undefined) return wrong(pointer);
  const time = parsed.given.last('t');
  const ms = time === undefined ? DEFAULT_MS : wholeNumber(time, MOST_MS);
  if (!ms) return wrong(`${NAME}: -t: expected milliseconds from 1 to ${MOST_MS}, got '${visible(time ?? '')}'\n`);
  return runProbe(target, ms);
};

export const svprobe: Applet = {
  name: NAME,
  summary: 'test whether a service answers',
  get help() {
    return makeHelp();
  },
  run,
};
