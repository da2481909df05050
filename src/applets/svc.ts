// svc and svok: daemontools' way of talking to services, on the directories that runsv supervises.
//
// Promises: services are looked up as sv does; all letters go in one write, in the order they were given, but x last, as it
// is a wish that the others must not take back; svok answers at once, with a runsv or without.
// Read next: ../client/send.ts, ../client/service.ts.
import { usageText } from '../cli/help.ts';
import { baseName, type OptionTable, parseOptions, problemLine } from '../cli/options.ts';
import { err, out } from '../cli/say.ts';
import { voiceOf } from '../effects/messages.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Fd, refused } from '../host/calls.ts';
import { ENOENT, ENXIO } from '../abi/errno.ts';
import { sys } from '../host/sys.ts';
import type { Applet, Help } from '../cli/applet.ts';
import type { Command } from '../client/command.ts';
import { tell } from '../client/send.ts';
import { enterable, openFifo, type Service, servicesNamed, troubleLine } from '../client/service.ts';

const USAGE_CODE = 1;
const FAILED_CODE = 1;
const NOT_SUPERVISED_CODE = 100;
const FATAL_CODE = 111;

const letters: OptionTable = [
  { letter: 'u', text: 'up: start it, and again whenever it ends' },
  { letter: 'd', text: 'down: stop it with TERM and CONT, and do not start it again' },
  { letter: 'o', text: 'once: start it, but not again when it ends' },
  { letter: 'p', text: 'pause: send STOP' },
  { letter: 'c', text: 'continue: send CONT' },
  { letter: 'h', text: 'send HUP' },
  { letter: 'a', text: 'send ALRM' },
  { letter: 'i', text: 'send INT' },
  { letter: 't', text: 'send TERM' },
  { letter: 'k', text: 'send KILL' },
  { letter: 'x', text: 'exit: stop it, then its log service, then runsv' },
];

const svcHelp: Help = {
  operands: 'service ...',
  description:
    'Sends commands to services that runsv supervises, and waits for nothing. A service is looked up as sv does: a name in ' +
    '$SVDIR, or a path.',
  options: letters,
  operandKind: 'service',
  examples: [
    { command: 'svc -d /service/web', text: 'bring a service down' },
    { command: 'svc -dx .', text: 'from within its directory: down, and its runsv too' },
  ],
  exitCodes: [
    { code: '0', text: 'all services were told' },
    { code: '1', text: 'usage, or one could not be told' },
  ],
};

const EXIT = 'x';

/** What a wrong call is told: BusyBox's usage line, and where more is said. */
const usageWithPointer = (argv0: Bytes, name: Bytes, help: Help): Bytes =>
  `${usageText(baseName(argv0), help)}${name}: '${name} --help' explains the call\n`;

/** The letters given, as the bytes to send. */
const bytesOf = (words: readonly Bytes[]): Bytes => {
  const given = words.map((word) => word.slice('--'.length));
  return given.filter((letter) => letter !== EXIT).join('') + (given.includes(EXIT) ? EXIT : '');
};

const commandOf = (bytes: Bytes): Command => ({
  bytes,
  until: [],
  waits: 'verbose',
  onTimeout: 'timeout',
});

const told = (service: Service, command: Command): boolean => {
  const result = tell(service, command, 'send');
  if ('service' in result) return true;
  out(`${troubleLine(service.name, result)}\n`);
  return false;
};

const runSvc = (argv: readonly Bytes[]): number => {
  const argv0 = argv[0] ?? 'svc';
  const parsed = parseOptions(letters, argv.slice(1));
  if (parsed.kind === 'problem') err(problemLine(argv0, parsed));
  if (parsed.kind === 'problem' || parsed.given.words.length === 0 || parsed.rest.length === 0) {
    err(usageWithPointer(argv0, 'svc', svcHelp));
    return USAGE_CODE;
  }
  const command = commandOf(bytesOf(parsed.given.words));
  const failed = servicesNamed(parsed.rest).filter((service) => !told(service, command));
  return failed.length === 0 ? 0 : FAILED_CODE;
};

export const svc: Applet = {
  name: 'svc',
  summary: 'send commands to services, as with daemontools',
  help: svcHelp,
  run: runSvc,
};

const svokHelp: Help = {
  operands: 'service',
  description: 'Says by its exit status whether runsv supervises service, which is looked up as sv does.',
  options: [],
  operandKind: 'service',
  examples: [{ command: 'svok /service/web || echo nobody', text: 'is anybody there?' }],
  exitCodes: [
    { code: '0', text: 'runsv supervises it' },
    { code: '1', text: 'usage' },
    { code: '100', text: 'nobody does' },
    { code: '111', text: 'it cannot be told, as there is no such directory' },
  ],
};

const cannotTell = (name: Bytes, what: Bytes, errno: number): number => {
  voiceOf('svok').fatal(`unable to ${what} ${name}`, errno);
  return FATAL_CODE;
};

const askOk = ({ name, dir }: Service): number => {
  const fd = dir === '' ? -ENOENT : openFifo(dir, 'ok');
  if (fd >= 0) {
    sys.close(fd as Fd);
    return 0;
  }
  if (fd === -ENXIO) return NOT_SUPERVISED_CODE;
  const entered = enterable(dir);
  if (refused(entered)) return cannotTell(name, 'change to directory', entered);
  return fd === -ENOENT ? NOT_SUPERVISED_CODE : cannotTell(name, 'open supervise/ok in', fd);
};

const runSvok = (argv: readonly Bytes[]): number => {
  const [service] = servicesNamed(argv.slice(1));
  if (service !== undefined && argv.length === 2) return askOk(service);
  err(usageWithPointer(argv[0] ?? 'svok', 'svok', svokHelp));
  return USAGE_CODE;
};

export const svok: Applet = {
  name: 'svok',
  summary: 'ask whether a service is supervised',
  help: svokHelp,
  run: runSvok,
};
