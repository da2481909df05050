// sv: tells services what to do, waits for it, and says how they are. Under another name it is an init script.
//
// Promises: lines, exit codes and timings of C's sv 2.3.1, which see in spec and docs/differences.md; tells all services
// before it waits for any; `status` does nothing it does not need, as it is run often.
// Read next: sv/commands.ts (the verbs), sv/others.ts (words that are none), sv/send.ts, sv/wait.ts, sv/describe.ts.
import { usageText } from '../cli/help.ts';
import { baseName, type Given, leadingNumber, type OptionTable, parseOptions, problemLine } from '../cli/options.ts';
import { err, out, visible } from '../cli/say.ts';
import { ID_LINE } from '../cli/version.ts';
import type { Bytes } from '../host/calls.ts';
import { ENOENT } from '../host/linux.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import type { Applet, Help } from './applet.ts';
import { type Command, commandFor, commands } from './sv/commands.ts';
import { describeFully } from './sv/describe.ts';
import { isSupervisedFromAbove, isToCome } from './sv/expected.ts';
import { hintFor } from './sv/others.ts';
import { type Told, tell } from './sv/send.ts';
import {
  isTrouble,
  lookup,
  namesPath,
  type Service,
  servicesNamed,
  type Trouble,
  troubleLine,
  variable,
} from './sv/service.ts';
import { type Awaited, waitForAll } from './sv/wait.ts';

const DEFAULT_WAIT_S = 7;
// C gives up at its first look after the time is over, and looks every 0.42 s. Scripts have come to rely on that: with
// `-w 1` a restart, which may take a second, succeeds.
const LOOK_MS = 420;
const LONGEST_WAIT_MS = 2 ** 40;
const MOST_FAILURES = 99;
/** So many fifos are kept open while waiting; services beyond are looked at from time to time. */
const MOST_HELD = 200;
const USAGE_CODE = 100;
const EXIT = 'x';

const LSB_USAGE_CODE = 2;
const LSB_DOWN_CODE = 3;
const LSB_UNKNOWN_CODE = 4;

interface Job {
  /** The name for lines on standard error. */
  readonly calledAs: Bytes;
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

const letGo = (one: Awaited): Awaited => {
  if (!('service' in one.told)) return one;
  if (one.told.fifo !== null) sys.close(one.told.fifo);
  return { ...one, told: { ...one.told, fifo: null }, purpose: 'wait' };
};

/** Whether to wait for a runsv: one is to come, and there is a command for it. */
const isAwaited = (job: Job, service: Service, trouble: Trouble): boolean =>
  job.wait && job.command.bytes !== EXIT && isToCome(trouble) && isSupervisedFromAbove(service);

interface Sent {
  readonly awaited: readonly Awaited[];
  readonly troubles: readonly { readonly service: Service; readonly trouble: Trouble }[];
}

/** All services told, as far as they can be. */
const tellAll = (job: Job): Sent => {
  const awaited: Awaited[] = [];
  const troubles: { service: Service; trouble: Trouble }[] = [];
  for (const service of job.services) {
    let purpose: Awaited['purpose'] = job.wait ? (awaited.length < MOST_HELD ? 'hold' : 'wait') : 'send';
    let told: Told | Trouble = tell(service, job.command, purpose);
    if ('kind' in told && told.kind === 'no descriptor') {
      awaited.splice(0, awaited.length, ...awaited.map(letGo));
      purpose = job.wait ? 'wait' : 'send';
      told = tell(service, job.command, purpose);
    }
    if ('service' in told || isAwaited(job, service, told)) awaited.push({ service, told, purpose });
    else troubles.push({ service, trouble: told });
  }
  return { awaited, troubles };
};

/** Says why a service could not be told; true where that is just what was wanted. */
const reportTrouble = (command: Command, { name }: Service, trouble: Trouble): boolean => {
  const wanted = trouble.kind === 'no runsv' && command.bytes === EXIT;
  out(`${wanted ? `ok: ${name}: runsv not running` : troubleLine(name, trouble)}\n`);
  return wanted;
};

/** Says where services were looked for, if one that was named without a path is not there. */
const reportLookup = (calledAs: Bytes, missing: readonly Service[]): void => {
  if (!missing.some(({ name }) => !namesPath(name))) return;
  const { dir, from } = lookup();
  const why = from === 'SVDIR' ? 'SVDIR' : 'the default, as SVDIR is not set';
  err(`${calledAs}: looked in ${visible(dir)} (${why})\n`);
};

const isMissing = (trouble: Trouble): boolean => trouble.kind === 'no directory' && trouble.errno === -ENOENT;

const carryOut = (job: Job): number => {
  const { awaited, troubles } = tellAll(job);
  const failed = troubles.filter(({ service, trouble }) => !reportTrouble(job.command, service, trouble));
  reportLookup(
    job.calledAs,
    failed.filter(({ trouble }) => isMissing(trouble)).map(({ service }) => service),
  );
  return failed.length + (job.wait ? waitForAll(job.calledAs, job.command, awaited, job.deadlineMs) : 0);
};

const describeAll = ({ calledAs, services }: Job): number => {
  const all = services.map(describeFully);
  let text: Bytes = '';
  let failed = 0;
  for (let at = 0; at < all.length; at++) {
    text += all[at]?.text ?? '';
    failed += all[at]?.failed ?? 0;
  }
  out(text);
  if (failed > 0) {
    const missing = services.filter((_, at) => {
      const status = all[at]?.status;
      return status !== undefined && isTrouble(status) && isMissing(status);
    });
    reportLookup(calledAs, missing);
  }
  return failed;
};

/** The exit code of an init script's `status`. */
const lsbStatus = (calledAs: Bytes, service: Service): number => {
  const { text, status } = describeFully(service);
  out(text);
  if (isTrouble(status)) {
    if (isMissing(status)) reportLookup(calledAs, [service]);
    return status.kind === 'unusable' || status.kind === 'no fifo' ? LSB_UNKNOWN_CODE : 1;
  }
  return status.pid === 0 ? LSB_DOWN_CODE : 0;
};

const jobOf = (calledAs: Bytes, command: Command, names: readonly Bytes[], given: Given): Job => {
  const services = servicesNamed(names);
  const wait = command.waits === 'always' || given.count('v') > 0 || given.last('w') !== undefined;
  const deadlineMs = wait && command.kind === 'send' ? monotonicMs() + waitMs(given) : 0;
  return { calledAs, command, services, wait, deadlineMs };
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
  return misused(baseName(argv0), usage);
};

const misused = (calledAs: Bytes, usage: Help): null => {
  err(`${usageText(calledAs, usage)}${calledAs}: 'sv --help' explains commands and options\n`);
  return null;
};

/** Says what a word that is no command may have been meant for; of no word at all, how sv is called. */
const unknown = (calledAs: Bytes, typed: Bytes, names: readonly Bytes[], usage: Help): null => {
  if (typed === '') return misused(calledAs, usage);
  const hint = hintFor(typed, names, lookup().dir);
  err(`${calledAs}: ${visible(`${typed}: ${hint}`)}\n`);
  return null;
};

const runAsSv = (argv: readonly Bytes[]): number => {
  const call = read(argv, help);
  if (call === null) return USAGE_CODE;
  const [typed = '', ...names] = call.words;
  const command = commandFor(typed, false);
  if (command === undefined) return unknown('sv', typed, names, help) ?? USAGE_CODE;
  if (names.length === 0) return misused('sv', help) ?? USAGE_CODE;
  const job = jobOf('sv', command, names, call.given);
  const failed = command.kind === 'status' ? describeAll(job) : carryOut(job);
  return Math.min(MOST_FAILURES, failed);
};

const lsbHelp: Help = { ...help, usage: '[-w sec] command' };

const runAsInitScript = (argv: readonly Bytes[], name: Bytes): number => {
  const call = read(argv, lsbHelp);
  if (call === null) return LSB_USAGE_CODE;
  const typed = call.words[0] ?? '';
  const command = commandFor(typed, true);
  if (command === undefined) return unknown(name, typed, [name], lsbHelp) ?? LSB_USAGE_CODE;
  const job = jobOf(name, command, [name], call.given);
  const [service] = job.services;
  if (command.kind === 'status' && service !== undefined) return lsbStatus(name, service);
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
