// Whether standard output is a terminal, and how wide.
import { variable } from '../../client/service.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';

const STDOUT = 1 as Fd;
const DEFAULT_WIDTH = 80;
const LEAST_WIDTH = 20;

export const isTerminal = (): boolean => !isErrno(sys.windowSize(STDOUT));

/** Columns, as $COLUMNS or the terminal itself has them; null where it is no terminal, whose lines have no end. */
export const widthOf = (): number | null => {
  const size = sys.windowSize(STDOUT);
  if (isErrno(size)) return null;
  const isWide = (columns: number): boolean => columns >= LEAST_WIDTH;
  return [Number(variable('COLUMNS')), size[1]].find(isWide) ?? DEFAULT_WIDTH;
};
