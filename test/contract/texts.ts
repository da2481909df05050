// What programs rely on beside the calls: the engine compares texts by what they say, however they came to be.
//
// build/engine/patch.ts lets addresses decide where that is enough.
import type { Case, Spec } from './case.ts';
import { same } from './case.ts';

const NAME = 'supervise';
const OTHER = 'supervisor';

/** Runs in the engine, not in its compiler. */
const built = (c: Case): string => NAME.slice(0, 4) + c.path('x').slice(0, 0) + NAME.slice(4);

const comparing: readonly Spec[] = [
  {
    title:
      'two texts are equal if they say the same: constants, names of properties, descriptions of symbols, built ones',
    run: (c) => {
      const property = Object.keys({ [built(c)]: 1 })[0];
      const equal = [NAME, built(c), property, Symbol(NAME).description, Symbol.for(built(c)).description];
      for (const one of equal) {
        for (const other of equal) same([one === other, one !== other], [true, false], `${one} and ${other}`);
        same([one === OTHER, one !== OTHER, OTHER === one], [false, true, false], `${one} and ${OTHER}`);
      }
    },
  },
];

export const textSpecs: readonly Spec[] = comparing;
