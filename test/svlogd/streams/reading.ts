// What comes out of svlogd's standard output, by a real pipe: reading it fast, slowly, not at all.
//
// Promises: `streamed` gives all that came, once svlogd and its reader have ended. Must not judge. Read next: cases.ts.
import { closeSync, openSync } from 'node:fs';
import type { Logger, Session } from '../session.ts';

export const CAT: readonly [string, ...string[]] = ['cat'];
/** Takes a little at a time, and rests: svlogd has to wait for it. */
export const SLOW: readonly [string, ...string[]] = [
  'perl',
  '-e',
  '$| = 1; while (sysread STDIN, $b, 900) { print $b; select undef, undef, undef, 0.001 }',
];
/** Takes one byte, and goes. */
export const LEAVER: readonly [string, ...string[]] = ['head', '-c', '1'];

export interface Streamed {
  readonly end: string;
  readonly text: string;
}

export interface Given {
  readonly options: readonly string[];
  readonly dirs?: readonly string[];
  readonly reader?: readonly [string, ...string[]];
}

/** Starts a reader whose findings are in `out`. */
export const startReader = (session: Session, from: number, reader = CAT): Logger => {
  const out = openSync(session.path('out'), 'a');
  const started = session.run(reader, [from, out, 'ignore']);
  closeSync(out);
  return started;
};

/** Runs svlogd from its start to the end of its input; `act` brings that. */
export const streamed = async (
  session: Session,
  given: Given,
  act: (logger: Logger, reader: Logger) => Promise<void> | void,
): Promise<Streamed> => {
  const [from, to] = session.openOutput();
  const reader = startReader(session, from, given.reader);
  const logger = session.start(given.options, given.dirs ?? [], to);
  session.closeOutput();
  await act(logger, reader);
  session.closeInput();
  const end = await session.ended(logger);
  await session.ended(reader);
  return { end, text: session.text('out') };
};

/** As JSON.parse gives it. */
export interface Entry {
  readonly time: string;
  readonly service: string;
  readonly line: string;
  readonly partial?: boolean;
}

/** The objects of a text. Throws where a line is no UTF-8, or no JSON. */
export const entriesOf = (text: string): readonly Entry[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(line, 'latin1'))));

/** The lines that were put into objects, long ones put together again. */
export const linesOf = (entries: readonly Entry[]): string =>
  entries.map(({ line, partial }) => (partial === true ? line : `${line}\n`)).join('');

export const same = (what: string, wanted: unknown, got: unknown): readonly string[] => {
  const [one, other] = [JSON.stringify(wanted), JSON.stringify(got)];
  return one === other ? [] : [`${what}: ${(other ?? '').slice(0, 300)} instead of ${(one ?? '').slice(0, 300)}`];
};
