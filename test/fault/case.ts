// What a case is: a sentence that must hold, and the attempt to make it false.
import type { World } from './world.ts';

export interface Case {
  readonly title: string;
  readonly attempt: (world: World) => Promise<void>;
  /** Programs without which the attempt cannot be made; the case is skipped, and that is told. */
  readonly needs?: readonly string[];
  /** How long it may take, where that is more than usual. */
  readonly takesMs?: number;
  /** Takes so much of the machine that what is played beside it would come late. */
  readonly alone?: boolean;
}

/** A table row: what must hold, and how it is tried. */
export const fault = (title: string, attempt: (world: World) => Promise<void>, ...needs: readonly string[]): Case => ({
  title,
  attempt,
  needs,
});

/** The same, played when nothing else is. */
export const alone = (given: Case): Case => ({ ...given, alone: true });
