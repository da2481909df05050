// A program whose code lies in a cold part: it is seldom called, and the heap image has no room for it.
//
// Read next: applet.ts, ../host/cold.ts.
import { type ColdName, fromCold } from '../host/cold.ts';
import type { Applet } from './applet.ts';

/** The applet that a cold part provides under its name. */
export const coldApplet = (part: ColdName, place: Pick<Applet, 'name' | 'also' | 'folder'>): Applet => {
  const applet = (): Applet => fromCold<Applet>(part, place.name);
  return {
    ...place,
    get summary() {
      return applet().summary;
    },
    get help() {
      return applet().help;
    },
    run: (argv) => applet().run(argv),
  };
};
