// What an input reaches, as V8 counts it: bytes of source, by the engine's precise coverage.
//
// Promises: nothing is instrumented, so what is tried is the source as it stands. Must be begun before the sources are
// loaded, as only then the engine tells of functions that nobody calls.
import { type Profiler, Session } from 'node:inspector';

type Functions = readonly Profiler.FunctionCoverage[];

/** Of a source, byte by byte: 0 is no code in a function, 1 is, 2 has been reached. */
const NOT_CODE = 0;
const CODE = 1;
const REACHED = 2;

interface Fresh {
  readonly map: Uint8Array;
  readonly at: number;
}

export class Coverage {
  readonly #session = new Session();
  readonly #maps = new Map<string, Uint8Array>();
  #files = /$^/;
  /** What the last isNew learned. */
  #fresh: Fresh[] = [];

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  #post(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    this.#session.post(method, parameters, (error, result) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  }

  #taken(): readonly { readonly url: string; readonly functions: Functions }[] {
    const { result } = this.#post('Profiler.takePreciseCoverage') as { result: readonly Profiler.ScriptCoverage[] };
    return result.filter(({ url }) => this.#files.test(url));
  }

  /** From now on it is about these sources, which are loaded, and nothing of them is reached. */
  begin(files: RegExp): void {
    this.#files = files;
    for (const { url, functions } of this.#taken()) {
      const map = new Uint8Array(
        Math.max(...functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset))),
      );
      // the first is the source itself
      for (const { ranges } of functions.slice(1)) map.fill(CODE, ranges[0]?.startOffset, ranges[0]?.endOffset);
      this.#maps.set(url, map);
    }
  }

  /** Whether what ran since the last call reached something for the first time. */
  isNew(): boolean {
    this.#fresh = [];
    for (const { url, functions } of this.#taken()) {
      const map = this.#maps.get(url);
      if (map !== undefined) this.#learn(map, functions);
    }
    return this.#fresh.length > 0;
  }

  /** Ranges that are inside of others come after them, and say it more exactly. */
  #learn(map: Uint8Array, functions: Functions): void {
    const now = new Uint8Array(map.length);
    for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
      now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
    for (let at = now.indexOf(1); at >= 0; at = now.indexOf(1, at + 1)) {
      if (map[at] !== CODE) continue;
      map[at] = REACHED;
      this.#fresh.push({ map, at });
    }
  }

  /** Takes back what the last isNew learned, so that it can be learned again. */
  forget(): void {
    for (const { map, at } of this.#fresh) map[at] = CODE;
  }

  /** Bytes of code, and those that were reached. */
  figures(): { readonly code: number; readonly reached: number } {
    const bytes = [...this.#maps.values()].flatMap((map) => [...map]);
    const code = bytes.filter((byte) => byte !== NOT_CODE).length;
    return { code, reached: bytes.filter((byte) => byte === REACHED).length };
  }
}
