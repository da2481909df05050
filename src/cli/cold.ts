// Calling into the cold part of the program.
//
// Read next: ../host/cold.ts, ../cold.ts (what is in it).
import { coldPart } from '../host/cold.ts';
import { errorText } from './errno.ts';
import { err } from './say.ts';

/** A function of the cold part; null where it cannot be loaded, which was printed. `program`: who says so. */
export const coldFunction = <T>(program: string, name: string): T | null => {
  const parts = coldPart();
  const found = typeof parts === 'number' ? undefined : (parts[name] as T | undefined);
  if (found !== undefined) return found;
  const why = typeof parts === 'number' ? errorText(parts) : 'not in this build';
  err(`${program}: unable to load this part of the program from /proc/self/exe: ${why}\n`);
  return null;
};
