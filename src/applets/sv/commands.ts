// Every command of sv as one row: which words mean it, what is sent, what is waited for. Parsing, help, the manual and the
// completion all come from here; a new verb is a new row.
//
// Promises: a word that is neither a command nor an abbreviation of one means nothing, whatever its first letter.
// Read next: hints.ts (what is said of such a word), ../sv.ts (carries commands out), ../../machine/client/wait-conditions.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { type Command, KILL } from '../../client/command.ts';
import type { Until } from '../../machine/client/wait-conditions.ts';

export interface Verb extends Command {
  /** How help names it. */
  readonly name: string;
  /** 'letter': its first letter or letters mean it too; 'word': only the whole word does. */
  readonly match: 'letter' | 'word';
  /** Further words that mean it. */
  readonly also?: readonly string[];
  readonly kind: 'status' | 'send';
  readonly text: string;
}

const letter = (name: string, bytes: Bytes, until: readonly Until[], text: string): Verb => ({
  name,
  match: 'letter',
  kind: 'send',
  bytes,
  until,
  waits: 'verbose',
  onTimeout: 'timeout',
  text,
});

const word = (name: string, bytes: Bytes, until: readonly Until[], text: string): Verb => ({
  ...letter(name, bytes, until, text),
  match: 'word',
  waits: 'always',
});

const force = (command: Verb, ...also: readonly string[]): Verb => ({ ...command, onTimeout: 'kill', also });

const status: Verb = {
  ...letter('status', '', [], 'print the state of the service, and of its log service'),
  kind: 'status',
};

export const commands: readonly Verb[] = [
  word('start', 'u', ['up'], 'as up, and wait until it is up and ./check, where there is one, says so'),
  word('stop', 'd', ['down'], 'as down, and wait until it is down'),
  word('restart', 'tcu', ['replaced', 'continued', 'up'], 'term, cont and up, and wait for the new process'),
  word('try-restart', 'tc', ['replaced', 'continued'], 'as restart, but a service that is down stays down'),
  word('reload', 'h', ['sent'], 'as hup, and print the state'),
  word('shutdown', 'x', ['gone'], 'as exit, and wait until runsv has ended'),
  word('check', '', ['wanted'], 'send nothing; wait until the service is up or down, as it is wanted'),
  force(word('force-stop', 'd', ['down'], 'as stop, but send KILL when the time is over'), 'D'),
  force(word('force-reload', 'tc', ['replaced', 'continued'], 'as try-restart, KILL when the time is over'), 'T'),
  force(word('force-restart', 'tcu', ['replaced', 'continued', 'up'], 'as restart, KILL when the time is over')),
  force(word('force-shutdown', 'x', ['gone'], 'as shutdown, KILL when the time is over'), 'X', 'E'),
  status,
  letter('up', 'u', ['up'], 'start it, and again whenever it ends'),
  letter('down', 'd', ['down'], 'stop it with TERM and CONT, and do not start it again'),
  letter('once', 'o', ['once'], 'start it, but not again when it ends'),
  letter('pause', 'p', ['paused'], 'send STOP'),
  { ...letter('cont', 'c', ['continued'], 'send CONT'), also: ['continue'] },
  letter('hup', 'h', ['sent'], 'send HUP'),
  { ...letter('alarm', 'a', ['sent'], 'send ALRM'), also: ['alrm'] },
  letter('interrupt', 'i', ['sent'], 'send INT'),
  letter('quit', 'q', ['sent'], 'send QUIT'),
  letter('1', '1', ['sent'], 'send USR1'),
  letter('2', '2', ['sent'], 'send USR2'),
  { ...letter('term', 't', ['replaced'], 'send TERM'), also: ['terminate'] },
  letter('kill', KILL.bytes, KILL.until, 'send KILL'),
  { ...letter('exit', 'x', ['gone'], 'stop it, then its log service, then runsv'), also: ['x'] },
];

const means = ({ name, match, also }: Verb, typed: Bytes): boolean =>
  (match === 'letter' ? name.startsWith(typed) : name === typed) || also?.includes(typed) === true;

/**
 * What `typed` means; undefined: nothing. An init script's `status` is taken whole, as its exit code differs from that of
 * a word that is not known.
 */
export const commandFor = (typed: Bytes, lsb: boolean): Verb | undefined => {
  if (typed === '') return undefined;
  const command = commands.find((each) => means(each, typed));
  return lsb && command === status && typed !== status.name ? undefined : command;
};
