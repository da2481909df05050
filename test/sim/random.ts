// Seeded chance for simulations: the same seed gives the same numbers on every machine.
//
// Promises: no clock, no Math.random; cheap enough to make one per scenario (sfc32, 128 bits of state).
// Read next: kernel/kernel.ts (the world that it drives).

export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #count = 1;

  /** `seed`: any number; its whole and fractional bits below 2^53 count. */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x100000000) | 0;
    this.#c = 0x9e3779b9 | 0;
    // neighbouring seeds must not begin alike
    for (let round = 0; round < 12; round++) this.word();
  }

  /** 32 bits: 0 .. 2^32 - 1. */
  word(): number {
    const mixed = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + mixed) | 0;
    return mixed >>> 0;
  }

  /** 0 <= fraction < 1. */
  fraction(): number {
    return this.word() / 0x100000000;
  }

  /** A whole number, 0 .. below - 1. */
  int(below: number): number {
    return Math.floor(this.fraction() * below);
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + this.int(most - least + 1);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('nothing to pick from');
    return list[this.int(list.length)] as T;
  }

  /** The same things in another order; the list itself stays. */
  shuffled<T>(list: readonly T[]): T[] {
    const out = list.slice();
    for (let last = out.length - 1; last > 0; last--) {
      const other = this.int(last + 1);
      [out[last], out[other]] = [out[other] as T, out[last] as T];
    }
    return out;
  }

  /** A generator of its own, so that one part's drawing does not change another's. */
  fork(): Random {
    return new Random(this.word() * 0x200000 + (this.word() >>> 11));
  }
}
