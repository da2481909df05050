// Every command of sv as one row: its words, what it sends, what it waits for. Parsing, help, the manual and the completion come
// from here; a new verb is a new row.
//
// Promises: only a command or an abbreviation of one is a command, whatever its first letter.
// Read next: hints.ts (what sv says about such a word), ../sv.ts (execution), ../../formats/control.ts (the bytes),
// ../../machine/client/wait-conditions.ts.
import type { Bytes } from '../../abi/bytes.ts';
import type { Command } from '../../client/command.ts';
import { control, type ControlName } from '../../formats/control.ts';
import type { WaitCondition } from '../../machine/client/wait-conditions.ts';

export interface Verb extends Command {
  /** Its name in help texts. */
  readonly name: string;
  /** 'letter': its first letter or letters are enough; 'word': only the whole word is. */
  readonly match: 'letter' | 'word';
  /** Other words for it. */
  readonly also: readonly string[] | null;
  readonly kind: 'status' | 'send';
  /** 'verbose': only with -v or -w. */
  readonly waits: 'always' | 'verbose';
  readonly text: string;
}

/** What a verb sends, and the conditions that show its effect. */
type Effect = Pick<Command, 'bytes' | 'conditions'>;

/** Other words for a verb. */
type Also = Verb['also'];

const effect = (sends: readonly ControlName[], conditions: readonly WaitCondition[]): Effect => {
  let bytes = '';
  for (let at = 0; at < sends.length; at++) bytes += control[sends[at] as ControlName].byte;
  return { bytes, conditions };
};

const word = (
  name: string,
  { bytes, conditions }: Effect,
  text: string,
  onTimeout: Command['onTimeout'] = 'timeout',
  also: Also = null,
): Verb => ({ name, match: 'word', also, kind: 'send', bytes, conditions, waits: 'always', onTimeout, text });

const force = (name: string, sent: Effect, like: string, also: Also = null): Verb =>
  word(name, sent, `like ${like}, but send KILL on timeout`, 'kill', also);

/** The verb of one control byte. */
const single = (sends: ControlName, until: WaitCondition, also: Also = null, name: string = sends): Verb => ({
  name,
  match: 'letter',
  also,
  kind: 'send',
  bytes: control[sends].byte,
  conditions: [until],
  waits: 'verbose',
  onTimeout: 'timeout',
  text: control[sends].text,
});

const UP = effect(['up'], ['up']);
const DOWN = effect(['down'], ['down']);
const RESTART = effect(['term', 'cont', 'up'], ['replaced', 'continued', 'up']);
const TRY_RESTART = effect(['term', 'cont'], ['replaced', 'continued']);
const EXIT = effect(['exit'], ['gone']);

const status: Verb = {
  name: 'status',
  match: 'letter',
  also: null,
  kind: 'status',
  bytes: '',
  conditions: [],
  waits: 'verbose',
  onTimeout: 'timeout',
  text: 'print the state of the service, and of its log service',
};

export const commands: readonly Verb[] = [
  word('start', UP, 'like up, and wait until the service is up and ./check, if there is one, succeeds'),
  word('stop', DOWN, 'like down, and wait until the service is down'),
  word('restart', RESTART, 'like term, cont and up, and wait for the new process'),
  word('try-restart', TRY_RESTART, 'like restart, but a service that is down stays down'),
  {
    ...word(
      'reload',
      effect(['hup'], ['sent']),
      'like hup, or send the signal that ./reload-signal names; print the state',
    ),
    reloads: true,
  },
  word('shutdown', EXIT, 'like exit, and wait until runsv has ended'),
  word('check', effect([], ['wanted']), 'send nothing; wait until the service is in its wanted state'),
  force('force-stop', DOWN, 'stop', ['D']),
  force('force-reload', TRY_RESTART, 'try-restart', ['T']),
  force('force-restart', RESTART, 'restart'),
  force('force-shutdown', EXIT, 'shutdown', ['X', 'E']),
  status,
  single('up', 'up'),
  single('down', 'down'),
  single('once', 'once'),
  single('pause', 'paused'),
  single('cont', 'continued', ['continue']),
  single('hup', 'sent'),
  single('alarm', 'sent', ['alrm']),
  single('interrupt', 'sent'),
  single('quit', 'sent'),
  single('usr1', 'sent', null, '1'),
  single('usr2', 'sent', null, '2'),
  single('term', 'replaced', ['terminate']),
  single('kill', 'replaced'),
  single('exit', 'gone', ['x']),
];

const isMeant = ({ name, match, also }: Verb, typed: Bytes): boolean =>
  (match === 'letter' ? name.startsWith(typed) : name === typed) || also?.includes(typed) === true;

/**
 * The command that `typed` means; undefined: none. As an init script, `status` must be the whole word: its exit code differs
 * from that of an unknown word.
 */
export const commandFor = (typed: Bytes, lsb: boolean): Verb | undefined => {
  if (typed === '') return undefined;
  const command = commands.find((each) => isMeant(each, typed));
  return lsb && command === status && typed !== status.name ? undefined : command;
};
