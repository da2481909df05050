// The bytes that supervise/control takes: the only list. The supervisor's events and signals, sv's verbs, svc's options, the
// commands of the npm module, help and completion are derived from it; a test holds the manual pages to it.
//
// Promises: data only. A new byte is a new row here, what a service does with it (machine/service/table.ts, where the compiler
// asks for it; nothing for a byte that only sends a signal), and a verb.
// Read next: ../machine/service/letters.ts (byte to event), ../applets/sv/commands.ts (the verbs).
import {
  SIGALRM,
  SIGCONT,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGQUIT,
  SIGSTOP,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
} from '../abi/signals.ts';

interface ControlByte {
  /** As written to supervise/control; several may follow each other in one write. */
  readonly byte: string;
  /** The event in the model of a service; `signal`: it sends `signal` and changes nothing else. */
  readonly event: string;
  /** The signal for the process; null: whether one is sent depends on the state of the service. */
  readonly signal: number | null;
  /** Whether the script control/BYTE runs for it. */
  readonly script: boolean;
  /** Who introduced it: daemontools' svc has an option for each of its own. */
  readonly origin: 'daemontools' | 'runit';
  readonly text: string;
}

/** Every byte that means something, by the name of its command. */
export const control = {
  up: {
    byte: 'u',
    event: 'up',
    signal: null,
    script: true,
    origin: 'daemontools',
    text: 'start the service, and start it again whenever it ends',
  },
  down: {
    byte: 'd',
    event: 'down',
    signal: null,
    script: true,
    origin: 'daemontools',
    text: 'stop the service with TERM and CONT, and do not start it again',
  },
  once: {
    byte: 'o',
    event: 'once',
    signal: null,
    script: false,
    origin: 'daemontools',
    text: 'start the service, but do not start it again when it ends',
  },
  pause: { byte: 'p', event: 'pause', signal: SIGSTOP, script: true, origin: 'daemontools', text: 'send STOP' },
  cont: { byte: 'c', event: 'cont', signal: SIGCONT, script: true, origin: 'daemontools', text: 'send CONT' },
  hup: { byte: 'h', event: 'signal', signal: SIGHUP, script: true, origin: 'daemontools', text: 'send HUP' },
  alarm: { byte: 'a', event: 'signal', signal: SIGALRM, script: true, origin: 'daemontools', text: 'send ALRM' },
  interrupt: { byte: 'i', event: 'signal', signal: SIGINT, script: true, origin: 'daemontools', text: 'send INT' },
  quit: { byte: 'q', event: 'signal', signal: SIGQUIT, script: true, origin: 'runit', text: 'send QUIT' },
  usr1: { byte: '1', event: 'signal', signal: SIGUSR1, script: true, origin: 'runit', text: 'send USR1' },
  usr2: { byte: '2', event: 'signal', signal: SIGUSR2, script: true, origin: 'runit', text: 'send USR2' },
  term: { byte: 't', event: 'term', signal: SIGTERM, script: true, origin: 'daemontools', text: 'send TERM' },
  kill: { byte: 'k', event: 'kill', signal: SIGKILL, script: true, origin: 'daemontools', text: 'send KILL' },
  exit: {
    byte: 'x',
    event: 'exit',
    signal: null,
    script: true,
    origin: 'daemontools',
    text: 'stop the service, then its log service, then runsv',
  },
} as const satisfies Readonly<Record<string, ControlByte>>;

export type ControlName = keyof typeof control;

type Row = (typeof control)[ControlName];

/** The bytes whose row is like this: `ByteWith<{ script: true }>`. */
export type ByteWith<Like> = Extract<Row, Like>['byte'];

/** What the model of a service calls the events that a byte alone makes. */
export type ControlEvent = Exclude<Row['event'], 'signal'>;

/** In the order of help texts. */
export const controlNames = Object.keys(control) as readonly ControlName[];

/** The byte that sends a signal and wants nothing else; undefined: none does. */
export const signalByte = (signal: number): string | undefined => {
  const name = controlNames.find((each) => {
    const { event, signal: sent } = control[each];
    return sent === signal && (event === 'signal' || event === 'term');
  });
  return name === undefined ? undefined : control[name].byte;
};
