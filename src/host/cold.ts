// The cold parts of the program: functions that are loaded out of the executable when the first of a part is asked for.
//
// Promises: costs nothing before. Where there is no heap image all parts are there from the start.
// Read next: ../cold-sv.ts (what is in one), quickjs/cold.c.

export type ColdName = 'daemontools' | 'init' | 'one' | 'order' | 'ready' | 'setup' | 'sv';
/** What a part provides, by name. Its types are known to those who put it there and take it from there. */
export type ColdPart = Readonly<Record<string, unknown>>;

declare const globalThis: {
  /** Runs the top level of a part. */
  __cold?: (name: ColdName) => unknown;
  __parts?: Partial<Record<ColdName, ColdPart>>;
};

/** Called by a part when it is loaded. */
export const provideCold = (name: ColdName, part: ColdPart): void => {
  globalThis.__parts = { ...globalThis.__parts, [name]: part };
};

/** What a part provides under a name. */
export const fromCold = <T>(part: ColdName, name: string): T => {
  if (globalThis.__parts?.[part] === undefined) globalThis.__cold?.(part);
  return globalThis.__parts?.[part]?.[name] as T;
};
