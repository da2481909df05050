// As much of vitest as the tests of src/machine need, for tests that are run thousands of times in one process.
// Promises: toEqual and toMatchObject compare as vitest does: properties that are undefined do not count.

export interface Case {
  readonly name: string;
  readonly body: () => void;
}

declare const globalThis: { __cases: Case[] };

const names: string[] = [];

export const describe = (name: string, body: () => void): void => {
  names.push(name);
  body();
  names.pop();
};

const add = (name: string, body: () => void): void => {
  globalThis.__cases.push({ name: [...names, name].join(' > '), body });
};

const each =
  (rows: readonly unknown[]) =>
  (name: string, body: (...row: unknown[]) => void): void => {
    for (const row of rows) add(`${name} ${JSON.stringify(row)}`, () => body(...(Array.isArray(row) ? row : [row])));
  };

export const it = Object.assign(add, { each });

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const keysOf = (value: Record<string, unknown>): readonly string[] =>
  Object.keys(value).filter((key) => value[key] !== undefined);

const plain = (value: unknown): unknown => (value instanceof Map || value instanceof Set ? [...value] : value);

const matches = (a: unknown, b: unknown, partly: boolean): boolean => {
  const [got, wanted] = [plain(a), plain(b)];
  if (Object.is(got, wanted)) return true;
  if (!isObject(got) || !isObject(wanted) || Array.isArray(got) !== Array.isArray(wanted)) return false;
  const [gotKeys, wantedKeys] = [keysOf(got), keysOf(wanted)];
  if ((!partly || Array.isArray(got)) && gotKeys.length !== wantedKeys.length) return false;
  return wantedKeys.every((key) => matches(got[key], wanted[key], partly));
};

const hold = (got: unknown, isHeld: (wanted: never) => boolean, not: boolean) => (wanted?: unknown) => {
  if (isHeld(wanted as never) === not) throw new Error(`${JSON.stringify(got)}, ${JSON.stringify(wanted)}`);
};

const matchers = (got: unknown, not: boolean) => ({
  toBe: hold(got, (wanted: unknown) => Object.is(got, wanted), not),
  toEqual: hold(got, (wanted: unknown) => matches(got, wanted, false), not),
  toMatchObject: hold(got, (wanted: unknown) => matches(got, wanted, true), not),
  toBeNull: hold(got, () => got === null, not),
  toBeUndefined: hold(got, () => got === undefined, not),
  toBeGreaterThan: hold(got, (wanted: number) => (got as number) > wanted, not),
  toBeGreaterThanOrEqual: hold(got, (wanted: number) => (got as number) >= wanted, not),
  toBeLessThan: hold(got, (wanted: number) => (got as number) < wanted, not),
  toBeLessThanOrEqual: hold(got, (wanted: number) => (got as number) <= wanted, not),
  toContain: hold(got, (wanted: unknown) => (got as readonly unknown[] | string).includes(wanted as never), not),
  toContainEqual: hold(got, (wanted: unknown) => (got as unknown[]).some((one) => matches(one, wanted, false)), not),
  toHaveLength: hold(got, (wanted: number) => (got as readonly unknown[]).length === wanted, not),
  toMatch: hold(got, (wanted: RegExp | string) => new RegExp(wanted).test(got as string), not),
});

export const expect = (got: unknown) => ({ ...matchers(got, false), not: matchers(got, true) });
