// The cold part of the program: functions that are loaded out of the executable when the first of them is asked for.
//
// Promises: costs nothing before. Where there is no heap image the host has loaded it at the start.
// Read next: ../cold.ts (what is in it), quickjs/cold.c.

/** What the cold part provides, by name. Its types are known to those who put it there and take it from there. */
export type ColdPart = Readonly<Record<string, unknown>>;

declare const globalThis: {
  /** Loads it. A negative errno: its file cannot be read. */
  __cold?: () => unknown;
  __parts?: ColdPart;
};

/** Called by the cold part when it is loaded. */
export const provideCold = (parts: ColdPart): void => {
  globalThis.__parts = parts;
};

/** The cold part; a negative errno where it cannot be read. */
export const coldPart = (): ColdPart | number => {
  if (globalThis.__parts === undefined) {
    const loaded = globalThis.__cold?.();
    if (typeof loaded === 'number') return loaded;
  }
  return globalThis.__parts ?? {};
};
