// sv: sends commands to services, waits until they take effect, and prints their states. Under another name it is an init script.
//
// Promises: lines, exit codes and timings of C's sv 2.3.1, apart from docs/differences.md; the command goes to all services before
// the wait for any begins; `status` makes no needless system call, as it is run often.
// Read next: sv/commands.ts (the verbs), sv/hints.ts (words that are none), ../client/send-all.ts, ../client/wait.ts,
// ../client/read-report.ts.
import type { Bytes } from '../abi/bytes.ts';
import { ENOENT } from '../abi/errno.ts';
import type { Applet } from '../cli/applet.ts';
import { type Usage, usageText } from '../cli/usage.ts';
import { baseName, type Given, parseOptions, problemLine } from '../cli/options.ts';
import { err, out, visible } from '../cli/say.ts';
import { ID_LINE } from '../cli/version.ts';
import { endsRunsv } from '../client/command.ts';
import type { Expanded, expandNames } from '../client/expand-names.ts';
import { readReport } from '../client/read-report.ts';
import { goneLine, reportLine, troubleLine } from '../client/render-line.ts';
import { failuresIn, isTrouble, type ServiceReport, type Trouble } from '../client/report.ts';
import { type Failure, mayDepend, sendAll, sendAllAwaited } from '../client/send-all.ts';
import { lookup, namesPath, type Service, servicesNamed } from '../client/service.ts';
import type { stopInOrder } from '../client/stop-order.ts';
import { waitForAll } from '../client/wait.ts';
import { isPattern } from '../formats/pattern.ts';
import { monotonicMs } from '../host/clock.ts';
import { fromCold } from '../host/cold.ts';
import { commandFor, type Verb } from './sv/commands.ts';
import type { helpOn, svHelp } from './sv/help.ts';
import type { hintFor } from './sv/hints.ts';
import { options, usage, waitMs } from './sv/options.ts';
import type { toolRunner } from './sv/run-tool.ts';
import type { Execute, withDependents } from './sv/with-dependents.ts';
import { EXPAND_NAMES, isTool, MOST_FAILURES } from './sv/tool.ts';

const USAGE_CODE = 100;

const LSB_USAGE_CODE = 2;
const LSB_DOWN_CODE = 3;
const LSB_UNKNOWN_CODE = 4;

interface Job {
  /** The name for lines on standard error. */
  readonly calledAs: Bytes;
  readonly command: Verb;
  readonly services: readonly Service[];
  readonly wait: boolean;
  readonly deadlineMs: number;
}

/** Prints why a command could not be sent. Returns false where that is the effect of the command. */
const reportFailure = (command: Verb, { service: { name }, trouble }: Failure): boolean => {
  const hasEffect = trouble.kind === 'no runsv' && endsRunsv(command);
  out(`${hasEffect ? goneLine(name) : troubleLine(name, trouble)}\n`);
  return !hasEffect;
};

/** Prints the directory in which services were looked up, if one that was named without a path is not there. */
const reportLookup = (calledAs: Bytes, missing: readonly { readonly name: Bytes }[]): void => {
  if (missing.every(({ name }) => namesPath(name))) return;
  const { dir, from } = lookup();
  const why = from === 'SVDIR' ? 'SVDIR' : 'the default, as SVDIR is not set';
  err(`${calledAs}: looked in ${visible(dir)} (${why})\n`);
};

const isMissing = (trouble: Trouble): boolean => trouble.kind === 'no directory' && trouble.errno === -ENOENT;

/** Prints what could not be sent; returns how many of them have failed. */
const report = ({ calledAs, command }: Job, failures: readonly Failure[]): number => {
  const failed = failures.filter((failure) => reportFailure(command, failure));
  const missing = failed.filter(({ trouble }) => isMissing(trouble)).map(({ service }) => service);
  reportLookup(calledAs, missing);
  return failed.length;
};

/** Letters are sent at once, as ever. */
const stopsInOrder = ({ command, services }: Job): boolean =>
  command.match === 'word' && (command.bytes === 'd' || command.bytes === 'x') && mayDepend(services);

const execute = (job: Job): number => {
  const { calledAs, command, services, wait, deadlineMs } = job;
  if (stopsInOrder(job)) {
    return fromCold<typeof stopInOrder>('sv', 'stopInOrder')(services, {
      command,
      deadlineMs,
      send: (some) => sendAllAwaited(command, some),
      report: (failures) => report(job, failures),
      wait: (targets) => waitForAll(calledAs, command, targets, deadlineMs),
    });
  }
  const { targets, failures } = (wait ? sendAllAwaited : sendAll)(command, services);
  const failed = report(job, failures);
  return failed + (wait ? waitForAll(calledAs, command, targets, deadlineMs) : 0);
};

const reportMissing = (calledAs: Bytes, reports: readonly ServiceReport[]): void => {
  const missing = reports.filter(({ state }) => isTrouble(state) && isMissing(state));
  reportLookup(calledAs, missing);
};

const printReports = ({ calledAs, services }: Job): number => {
  const reports = services.map(readReport);
  let text: Bytes = '';
  let failed = 0;
  for (let at = 0; at < reports.length; at++) {
    const report = reports[at] as ServiceReport;
    text += reportLine(report);
    failed += failuresIn(report);
  }
  out(text);
  if (failed > 0) reportMissing(calledAs, reports);
  return failed;
};

const LSB_UNKNOWN: readonly Trouble['kind'][] = ['unusable', 'no fifo', 'no status'];

/** Prints the state; returns the exit code of an init script's `status`. */
const lsbStatus = (calledAs: Bytes, service: Service): number => {
  const report = readReport(service);
  out(reportLine(report));
  const { state } = report;
  if (isTrouble(state)) {
    reportMissing(calledAs, [report]);
    return LSB_UNKNOWN.includes(state.kind) ? LSB_UNKNOWN_CODE : 1;
  }
  return state.status.pid === null ? LSB_DOWN_CODE : 0;
};

const jobOf = (calledAs: Bytes, command: Verb, names: readonly Bytes[], given: Given): Job => {
  const services = servicesNamed(names);
  const wait = command.waits === 'always' || given.count('v') > 0 || given.last('w') !== undefined;
  const deadlineMs = wait && command.kind === 'send' ? monotonicMs() + waitMs(given) : 0;
  return { calledAs, command, services, wait, deadlineMs };
};

interface Words {
  readonly given: Given;
  readonly words: readonly Bytes[];
}

/** The parsed command line; null: it is wrong, which was printed. */
const read = (argv: readonly Bytes[], own: Usage): Words | null => {
  const argv0 = argv[0] ?? 'sv';
  const parsed = parseOptions(options, argv.slice(1));
  if (parsed.kind === 'problem') err(problemLine(argv0, parsed));
  else if (parsed.given.count('V') > 0) err(ID_LINE);
  else return { given: parsed.given, words: parsed.rest };
  return usageError(baseName(argv0), own);
};

const usageError = (calledAs: Bytes, own: Usage): null => {
  err(`${usageText(calledAs, own)}${calledAs}: 'sv --help' explains commands and options\n`);
  return null;
};

/** Prints a hint for a word that is not a command; without a word, the usage. */
const unknownCommand = (calledAs: Bytes, typed: Bytes, names: readonly Bytes[], own: Usage): null => {
  if (typed === '') return usageError(calledAs, own);
  const hint = fromCold<typeof hintFor>('sv', 'hintFor')(typed, names, lookup().dir);
  err(`${calledAs}: ${visible(`${typed}: ${hint}`)}\n`);
  return null;
};

/** The names with patterns replaced by the services that match; null: that is impossible, which was printed. */
const meantBy = (names: readonly Bytes[]): Expanded | null =>
  names.some(isPattern) ? fromCold<typeof expandNames>('sv', EXPAND_NAMES)(names) : { names, failed: 0 };

const runAsSv = (argv: readonly Bytes[]): number => {
  const call = read(argv, usage);
  if (call === null) return USAGE_CODE;
  const [typed = '', ...names] = call.words;
  if (isTool(typed, names)) return fromCold<ReturnType<typeof toolRunner>>('sv', 'runTool')(typed, names, call.given);
  const command = commandFor(typed, false);
  if (command === undefined) return unknownCommand('sv', typed, names, usage) ?? USAGE_CODE;
  if (names.length === 0) return usageError('sv', usage) ?? USAGE_CODE;
  if (names.length === 1 && names[0] === '--help') return fromCold<typeof helpOn>('sv', 'helpOn')(command.name);
  const meant = meantBy(names);
  if (meant === null) return USAGE_CODE;
  const job = jobOf('sv', command, meant.names, call.given);
  if (call.given.count('dependents') > 0) {
    const execution: Execute = (verb, services) => execute({ ...jobOf('sv', verb, [], call.given), services });
    const count = fromCold<typeof withDependents>('sv', 'withDependents')(command, job.services, execution);
    return count === null ? USAGE_CODE : Math.min(MOST_FAILURES, count + meant.failed);
  }
  const failed = command.kind === 'status' ? printReports(job) : execute(job);
  return Math.min(MOST_FAILURES, failed + meant.failed);
};

const lsbUsage: Usage = { operands: '', usage: '[-w sec] command', options };

const runAsInitScript = (argv: readonly Bytes[], name: Bytes): number => {
  const call = read(argv, lsbUsage);
  if (call === null) return LSB_USAGE_CODE;
  const typed = call.words[0] ?? '';
  const command = commandFor(typed, true);
  if (command === undefined) return unknownCommand(name, typed, [name], lsbUsage) ?? LSB_USAGE_CODE;
  const job = jobOf(name, command, [name], call.given);
  const [service] = job.services;
  if (command.kind === 'status' && service !== undefined) return lsbStatus(name, service);
  return execute(job) === 0 ? 0 : 1;
};

const run = (argv: readonly Bytes[]): number => {
  const name = baseName(argv[0] ?? 'sv');
  return name === 'sv' ? runAsSv(argv) : runAsInitScript(argv, name);
};

export const sv: Applet = {
  name: 'sv',
  summary: 'control and query supervised services',
  get help() {
    return fromCold<typeof svHelp>('sv', 'svHelp')();
  },
  run,
};
