// svc, as in daemontools: sends commands to services that runsv supervises.
//
// Promises: services are looked up as in sv; all bytes go out in one write, in the order of the options, but exit last, as a
// later command would revoke it.
// Read next: ../formats/control.ts (the options), ../client/send.ts, svok.ts.
import type { Bytes } from '../abi/bytes.ts';
import type { Applet, Help } from '../cli/applet.ts';
import { type Usage, usageWithPointer } from '../cli/usage.ts';
import { type OptionTable, parseOptions, problemLine } from '../cli/options.ts';
import { err, out } from '../cli/say.ts';
import { troubleLine } from '../client/render-line.ts';
import { send } from '../client/send.ts';
import { servicesNamed } from '../client/service.ts';
import { control, controlNames } from '../formats/control.ts';

const USAGE_CODE = 1;
const FAILED_CODE = 1;

const options: OptionTable = controlNames
  .filter((name) => control[name].origin === 'daemontools')
  .map((name) => ({ letter: control[name].byte, text: control[name].text }));

const usage: Usage = { operands: 'service ...', options };

const makeHelp = (): Help => ({
  ...usage,
  description:
    'Sends commands to services that runsv supervises, and does not wait for their effect. A service is looked up as in ' +
    'sv: a name in $SVDIR, or a path.',
  operandKind: 'service',
  examples: [
    { command: 'svc -d /service/web', text: 'stop a service' },
    { command: 'svc -dx .', text: 'from within its directory: stop it, and its runsv too' },
  ],
  exitCodes: [
    { code: '0', text: 'the commands were sent to all services' },
    { code: '1', text: 'usage, or the commands could not be sent to one of them' },
  ],
});

/** The bytes of the options given, as `--b` each. */
const bytesOf = (words: readonly Bytes[]): Bytes => {
  const given = words.map((word) => word.slice('--'.length));
  const exit = control.exit.byte;
  return given.filter((byte) => byte !== exit).join('') + (given.includes(exit) ? exit : '');
};

const run = (argv: readonly Bytes[]): number => {
  const argv0 = argv[0] ?? 'svc';
  const parsed = parseOptions(options, argv.slice(1));
  if (parsed.kind === 'problem') err(problemLine(argv0, parsed));
  if (parsed.kind === 'problem' || parsed.given.words.length === 0 || parsed.rest.length === 0) {
    err(usageWithPointer(argv0, 'svc', usage));
    return USAGE_CODE;
  }
  const bytes = bytesOf(parsed.given.words);
  let code = 0;
  for (const service of servicesNamed(parsed.rest)) {
    const trouble = send(service, bytes);
    if (trouble === null) continue;
    out(`${troubleLine(service.name, trouble)}\n`);
    code = FAILED_CODE;
  }
  return code;
};

export const svc: Applet = {
  name: 'svc',
  summary: 'send commands to services, as with daemontools',
  get help() {
    return makeHelp();
  },
  run,
};
