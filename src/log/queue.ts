// The queue of files that wait for a processor.
//
// Promises: every operation takes amortised constant time.
import type { Bytes } from '../abi/bytes.ts';

/** After this many shifts the array is compacted. */
const MAX_SHIFTED = 1000;

export class FileQueue {
  #names: Bytes[];
  #at = 0;

  constructor(names: readonly Bytes[]) {
    this.#names = [...names];
  }

  get length(): number {
    return this.#names.length - this.#at;
  }

  push(name: Bytes): void {
    this.#names.push(name);
  }

  /** Removes and returns the oldest; undefined: none. */
  shift(): Bytes | undefined {
    const name = this.#names[this.#at];
    if (name === undefined) return name;
    this.#at++;
    if (this.#at > MAX_SHIFTED && this.#at * 2 > this.#names.length) {
      this.#names = this.#names.slice(this.#at);
      this.#at = 0;
    }
    return name;
  }

  unshift(name: Bytes): void {
    if (this.#at === 0) this.#names.unshift(name);
    else this.#names[--this.#at] = name;
  }
}
