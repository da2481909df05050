// sv: tells services what to do, waits for it, and says how they are. Under another name it is an init script.
//
// Promises: lines, exit codes and timings of C's sv 2.3.1, which see in spec and docs/differences.md; tells all services
// before it waits for any; `status` does nothing it does not need, as it is run often.
// Read next: sv/commands.ts (the verbs), sv/send.ts, sv/wait.ts, sv/describe.ts.
import { usageText } from '../cli/help.ts';
import { baseName, type Given, leadingNumber, type OptionTable, parseOptions, problemLine } from '../cli/options.ts';
import { err, out } from '../cli/say.ts';
import { ID_LINE } from '../cli/version.ts';
import type { Bytes } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import type { Applet, Help } from './applet.ts';
import { type Command, commandFor, commands } from './sv/commands.ts';
import { describeFully } from './sv/describe.ts';
import { type Told, tell } from './sv/send.ts';
import { isTrouble, type Service, servicesNamed, type Trouble, troubleLine, variable } from './sv/service.ts';
import { waitForAll } from './sv/wait.ts';

const DEFAULT_WAIT_S = 7;
// C gives up at its first look after the time is over, and looks every 0.42 s. Scripts have come to rely on that: with
// `-w 1` a restart, which may take a second, succeeds.
const LOOK_MS = 420;
const LONGEST_WAIT_MS = 2 ** 40;
const MOST_FAILURES = 99;
/** So many fifos are kept open while waiting; services beyond are looked at from time to time. */
const MOST_HELD = 200;
const USAGE_CODE = 100;

const LSB_USAGE_CODE = 2;
const LSB_DOWN_CODE = 3;
const LSB_UNKNOWN_CODE = 4;

interface Job {
  readonly command: Command;
  readonly services: readonly Service[];
  readonly wait: boolean;
  readonly deadlineMs: number;
}

const options: OptionTable = [
  { letter: 'v', text: 'wait for the effect of the one-letter commands too, and print the state' },
  { letter: 'w', value: 'sec', text: 'wait sec seconds instead of 7; implies -v' },
  { letter: 'V', text: 'print the version, then the usage', unlisted: true },
];

const help: Help = {
  operands: 'command service ...',
  description:
    'Sends command to each service, then waits for its effect, if command is one that waits or -v is given. A service is ' +
    'the name of a directory that runsv supervises, looked for in $SVDIR; a name that begins with a dot or a slash, or ' +
    'ends in a slash, is a path. NAME/log is the log service of NAME.\n\n' +
    'Called by another name, as a link in /etc/init.d, sv is the init script of the service with that name: ' +
    '[-w sec] command.',
  options,
  firstOperand: commands.map(({ name }) => name),
  operandKind: 'service',
  lists: [
    { title: 'Commands', rows: commands.map(({ name, text }) => ({ term: name, text })) },
    {
      title: 'Environment',
      rows: [
        { term: 'SVDIR', text: 'where services are; else the first of /etc/service, /service, /var/service' },
        { term: 'SVWAIT', text: 'seconds to wait, where -w does not say' },
      ],
    },
  ],
  examples: [
    { command: 'sv status web db', text: 'show how two services and their logs are' },
    { command: 'sv -w 30 restart web', text: 'restart, giving it half a minute to come back and pass ./check' },
    { command: 'sv force-stop ./web', text: 'stop; send KILL to what has not ended after 7 seconds' },
    { command: 'ln -s /usr/bin/sv /etc/init.d/web; /etc/init.d/web stop', text: 'as an init script' },
  ],
  exitCodes: [
    { code: '0', text: 'every service was told and, where waited for, obeyed' },
    { code: '1..99', text: 'the number of services that failed' },
    { code: '100', text: 'usage' },
    { code: '1, 2, 3, 4', text: 'as an init script: failure, usage, service is down, state unknown' },
  ],
};

const waitMs = (given: Given): number => {
  const text = given.last('w') ?? variable('SVWAIT');
  const seconds = text === undefined ? DEFAULT_WAIT_S : leadingNumber(text);
  return Math.min(LONGEST_WAIT_MS, (Math.floor((seconds * 1000) / LOOK_MS) + 1) * LOOK_MS);
};

const letGo = (told: Told): Told => {
  if (told.fifo !== null) sys.close(told.fifo);
  return { ...told, fifo: null };
};

/** All services told, as far as they can be; the others are told of. */
const tellAll = (job: Job): { readonly tolds: readonly Told[]; readonly failed: number } => {
  const tolds: Told[] = [];
  let failed = 0;
  for (const service of job.services) {
    let told = tell(service, job.command, job.wait && tolds.length < MOST_HELD);
    if ('kind' in told && told.kind === 'no descriptor') {
      tolds.splice(0, tolds.length, ...tolds.map(letGo));
      told = tell(service, job.command, false);
    }
    if ('service' in told) tolds.push(told);
    else if (!reportTrouble(job.command, service, told)) failed++;
  }
  return { tolds, failed };
};

/** Says why a service could not be told; true where that is just what was wanted. */
const reportTrouble = (command: Command, { name }: Service, trouble: Trouble): boolean => {
  const wanted = trouble.kind === 'no runsv' && command.bytes === 'x';
  out(`${wanted ? `ok: ${name}: runsv not running` : troubleLine(name, trouble)}\n`);
  return wanted;
};

const carryOut = (job: Job): number => {
  const { tolds, failed } = tellAll(job);
  return job.wait ? failed + waitForAll(job.command, tolds, job.deadlineMs) : failed;
};

const describeAll = (services: readonly Service[]): number => {
  const all = services.map(describeFully);
  out(all.map(({ text }) => text).join(''));
  return all.reduce((sum, { failed }) => sum + failed, 0);
};

/** The exit code of an init script's `status`. */
const lsbStatus = (service: Service): number => {
  const { text, status } = describeFully(service);
  out(text);
  if (isTrouble(status)) return status.kind === 'unusable' ? LSB_UNKNOWN_CODE : 1;
  return status.pid === 0 ? LSB_DOWN_CODE : 0;
};

const jobOf = (command: Command, names: readonly Bytes[], given: Given): Job => {
  const startMs = monotonicMs();
  const wait = command.waits === 'always' || given.count('v') > 0 || given.last('w') !== undefined;
  const deadlineMs = wait ? startMs + waitMs(given) : startMs;
  return { command, services: servicesNamed(names), wait, deadlineMs };
};

interface Call {
  readonly given: Given;
  readonly words: readonly Bytes[];
}

/** What is asked for; null: a call that is wrong, which stderr then says. */
const read = (argv: readonly Bytes[], usage: Help): Call | null => {
  const argv0 = argv[0] ?? 'sv';
  const parsed = parseOptions(options, argv.slice(1));
  if (parsed.kind === 'problem') err(problemLine(argv0, parsed));
  else if (parsed.given.count('V') > 0) err(ID_LINE);
  else return { given: parsed.given, words: parsed.rest };
  return misused(argv0, usage);
};

const misused = (argv0: Bytes, usage: Help): null => {
  err(usageText(baseName(argv0), usage));
  return null;
};

const runAsSv = (argv: readonly Bytes[]): number => {
  const call = read(argv, help);
  if (call === null) return USAGE_CODE;
  const [typed = '', ...names] = call.words;
  const command = commandFor(typed, false);
  if (command === undefined || names.length === 0) return misused('sv', help) ?? USAGE_CODE;
  const job = jobOf(command, names, call.given);
  const failed = command.kind === 'status' ? describeAll(job.services) : carryOut(job);
  return Math.min(MOST_FAILURES, failed);
};

const lsbHelp: Help = { ...help, usage: '[-w sec] command' };

const runAsInitScript = (argv: readonly Bytes[], name: Bytes): number => {
  const call = read(argv, lsbHelp);
  if (call === null) return LSB_USAGE_CODE;
  const command = commandFor(call.words[0] ?? '', true);
  if (command === undefined) return misused(name, lsbHelp) ?? LSB_USAGE_CODE;
  const job = jobOf(command, [name], call.given);
  const [service] = job.services;
  if (command.kind === 'status' && service !== undefined) return lsbStatus(service);
  return carryOut(job) === 0 ? 0 : 1;
};

const run = (argv: readonly Bytes[]): number => {
  const name = baseName(argv[0] ?? 'sv');
  return name === 'sv' ? runAsSv(argv) : runAsInitScript(argv, name);
};

export const sv: Applet = {
  name: 'sv',
  summary: 'control and ask after services that runsv supervises',
  help,
  run,
};
