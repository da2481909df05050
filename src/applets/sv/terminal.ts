// Whether standard output is a terminal, and how wide.
import { variable } from '../../client/service.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';

const TERMINAL = /^\/dev\/(pts\/|tty|console|hvc|xvc)/;
const DEFAULT_WIDTH = 80;
const LEAST_WIDTH = 20;

export const isTerminal = (): boolean => {
  const target = sys.readlink('/proc/self/fd/1');
  return !isErrno(target) && TERMINAL.test(target);
};

/** Columns; null where it is no terminal, whose lines have no end. */
export const widthOf = (): number | null => {
  if (!isTerminal()) return null;
  const columns = Number(variable('COLUMNS'));
  return columns >= LEAST_WIDTH ? columns : DEFAULT_WIDTH;
};
