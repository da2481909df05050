// What a case is: a sentence that must hold, and the attempt to show it on a real engine.
import { mkdirSync } from 'node:fs';
import { Container } from './container.ts';
import type { Engine } from './engine.ts';

/** What a case has: the engine, a directory, and containers that are gone when it is over. */
export class Stage {
  readonly engine: Engine;
  readonly work: string;
  readonly #containers: Container[] = [];

  constructor(engine: Engine, work: string) {
    this.engine = engine;
    this.work = work;
    mkdirSync(work, { recursive: true });
  }

  async run(options: readonly string[], ...words: readonly string[]): Promise<Container> {
    const container = await Container.run(this.engine, options, ...words);
    this.#containers.push(container);
    return container;
  }

  async close(): Promise<void> {
    await Promise.all(this.#containers.map((container) => container.remove()));
  }
}

export interface Case {
  readonly title: string;
  readonly attempt: (stage: Stage) => Promise<void>;
}

export const shown = (title: string, attempt: (stage: Stage) => Promise<void>): Case => ({ title, attempt });
