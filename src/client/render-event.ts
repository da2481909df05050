// An event of a service in words: a line of `sv why` and of `sv watch`.
//
// Promises: no control character of what was recorded reaches the terminal; an event that is not known is shown by its
// name. Pure. Read next: ../formats/history.ts (the events).
import type { Bytes } from '../abi/bytes.ts';
import { visible } from '../cli/say.ts';
import type { Recorded } from '../formats/history.ts';

type Members = Recorded['members'];

const textOf = (members: Members, name: string): Bytes => {
  const value = members[name];
  return typeof value === 'string' || typeof value === 'number' ? visible(String(value)) : '?';
};

/** What exit codes of ./run mean by convention. */
const MEANINGS: Readonly<Record<number, string>> = {
  100: 'wrong usage, as runit programs and chpst report it',
  111: './run or what it executed could not be started, as runit programs report it',
  126: 'a program is not executable, as shells report it',
  127: 'a program was not found, as shells report it',
};

const SIGNALS: Readonly<Record<string, string>> = {
  SEGV: 'invalid memory access',
  ABRT: 'it aborted itself, or its watchdog expired',
  BUS: 'invalid memory access',
  ILL: 'illegal instruction',
};

/** `exit code 1`, `signal KILL (out of memory)` */
const endText = (members: Members): Bytes => {
  const { code, signal, oom } = members;
  if (typeof signal === 'string') {
    const memory = oom === true ? 'out of memory' : oom === 'possible' ? 'perhaps out of memory' : undefined;
    const meaning = memory ?? SIGNALS[signal];
    return `signal ${visible(signal)}${meaning === undefined ? '' : ` (${meaning})`}`;
  }
  if (code === null) return 'exit code unknown, as another runsv had started it';
  const meaning = typeof code === 'number' ? MEANINGS[code] : undefined;
  return `exit code ${textOf(members, 'code')}${meaning === undefined ? '' : ` (${meaning})`}`;
};

const CAUSES: Readonly<Record<string, string>> = {
  exit: 'unexpected',
  asked: 'asked for',
  'timeout-up': 'was not ready in time',
  watchdog: 'gave no sign of life',
  dependency: 'a dependency ended',
};

const causeText = ({ cause }: Members): Bytes => {
  const words = typeof cause === 'string' ? (CAUSES[cause] ?? visible(cause)) : undefined;
  return words === undefined ? '' : `, ${words}`;
};

const secondsOf = (members: Members, name: string): Bytes => {
  const value = members[name];
  return typeof value === 'number' ? `${value < 10 ? value.toFixed(1) : String(Math.round(value))} s` : '?';
};

const namesOf = (value: unknown): Bytes =>
  Array.isArray(value) ? value.map((name) => visible(String(name))).join(' ') : '?';

const OBSTACLES: Readonly<Record<string, string>> = { fork: 'fork failed', log: 'its log is not ready' };

const waitingText = (members: Members): Bytes => {
  if (members['why'] === 'dependency') return `waits for ${namesOf(members['for'])}`;
  const why = typeof members['why'] === 'string' ? OBSTACLES[members['why']] : undefined;
  return `starts again in ${secondsOf(members, 'seconds')}${why === undefined ? '' : ` (${why})`}`;
};

type Words = (members: Members) => Bytes;

const WORDS: Readonly<Record<string, Words>> = {
  is: (members) => textOf(members, 'condition'),
  changed: (members) => textOf(members, 'condition'),
  gap: (members) => `${textOf(members, 'missed')} events are missing`,
  removed: () => 'removed',
  started: (members) => `started, process ${textOf(members, 'pid')}`,
  ready: (members) => `ready after ${secondsOf(members, 'after')}`,
  unready: () => 'no longer ready',
  reloading: () => 'reloading',
  stopping: (members) => `stopping, ${textOf(members, 'signal')} sent (${textOf(members, 'by')})`,
  killed: (members) => `killed (${textOf(members, 'by')})`,
  ended: (members) => `ended after ${secondsOf(members, 'ran')}: ${endText(members)}${causeText(members)}`,
  finished: (members) => `./finish took ${secondsOf(members, 'took')}: ${endText(members)}`,
  waiting: waitingText,
  failed: (members) => `failed: ${textOf(members, 'reason')}`,
  done: (members) => `done: ${textOf(members, 'reason')}`,
};

/** An event in words. */
export const eventText = ({ event, members }: Pick<Recorded, 'event' | 'members'>): Bytes => {
  const lost = typeof members['lost'] === 'number' ? ` (${members['lost']} events before it were lost)` : '';
  return (WORDS[event]?.(members) ?? visible(event)) + lost;
};

/** `11:52:28` of an RFC 3339 moment. */
export const timeOfDay = (at: string): Bytes => /T(\d\d:\d\d:\d\d)/.exec(at)?.[1] ?? '--:--:--';
