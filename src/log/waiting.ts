// Files that wait for a processor, in their order: taken from the front, added behind, put back in front.
//
// Promises: each step costs the same, however many wait.
import type { Bytes } from '../abi/bytes.ts';

/** From so many on that were taken, their room is given back. */
const TAKEN_MOST = 1000;

export class Waiting {
  #names: Bytes[];
  #at = 0;

  constructor(names: readonly Bytes[]) {
    this.#names = [...names];
  }

  get count(): number {
    return this.#names.length - this.#at;
  }

  add(name: Bytes): void {
    this.#names.push(name);
  }

  /** Takes the oldest; undefined: none waits. */
  take(): Bytes | undefined {
    const name = this.#names[this.#at];
    if (name === undefined) return name;
    this.#at++;
    if (this.#at > TAKEN_MOST && this.#at * 2 > this.#names.length) {
      this.#names = this.#names.slice(this.#at);
      this.#at = 0;
    }
    return name;
  }

  putBack(name: Bytes): void {
    if (this.#at === 0) this.#names.unshift(name);
    else this.#names[--this.#at] = name;
  }
}
