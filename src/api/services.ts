// Snapshots, explanations and events of src/client in the shapes of types.ts.
//
// Promises: pure conversion: members are renamed, texts decoded, and nothing is added. Read next: types.ts, index.ts.
import type { Bytes } from '../abi/bytes.ts';
import { factsJson, factsOf } from '../client/explain.ts';
import { newAsking, snapshotOf, servicesLike } from '../client/snapshots.ts';
import { lookup, servicesNamed, type Service as Found } from '../client/service.ts';
import type { Happening } from '../client/watch.ts';
import { CONDITIONS } from '../formats/condition.ts';
import type { Json } from '../formats/json.ts';
import { snapshotJson } from '../formats/snapshot.ts';
import { nowMs } from '../host/clock.ts';
import { bytesOf, systemError, textOf } from '../host/node/plain.ts';
import type { Condition, Explanation, ListOptions, RecordedEvent, Service, ServiceEvent } from './types.ts';

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** JSON of ours for JavaScript: names in camelCase, texts decoded. */
const forJavaScript = (value: Json | undefined): unknown => {
  if (typeof value === 'string') return textOf(value);
  if (Array.isArray(value)) return value.map(forJavaScript);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [camelCase(name), forJavaScript(member)]));
};

/** Services by the names that sv takes. */
export const named = (names: readonly string[]): readonly Found[] => {
  const bytes = names.map(bytesOf);
  return servicesNamed(bytes).map((service, at) => ({ ...service, name: bytes[at] ?? service.name }));
};

export const listServices = ({ patterns = [], usage = false }: ListOptions): readonly Service[] => {
  const services = servicesLike(patterns.map(bytesOf));
  if (typeof services === 'number') throw systemError(services, 'scandir', lookup().dir);
  const asking = newAsking(usage);
  const ms = nowMs();
  return services.map((service) => forJavaScript(snapshotJson(snapshotOf(service, asking), ms)) as Service);
};

const isText = (value: unknown): value is Bytes => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isTexts = (value: unknown): value is readonly Bytes[] => Array.isArray(value) && value.every(isText);

type Member = Exclude<keyof RecordedEvent, 'at' | 'event'>;

/** The members of an event, and what each may be. */
const MEMBERS: Readonly<Record<Member, (value: unknown) => boolean>> = {
  n: isNumber,
  lost: isNumber,
  pid: isNumber,
  code: (value) => value === null || isNumber(value),
  signal: isText,
  ran: isNumber,
  after: isNumber,
  took: isNumber,
  seconds: isNumber,
  by: isText,
  cause: isText,
  oom: (value) => value === true || value === 'possible',
  why: isText,
  for: isTexts,
  reason: isText,
  condition: (value) => CONDITIONS.includes(value as Condition),
  missed: isNumber,
};

const checked = (members: Readonly<Record<string, unknown>>): Partial<RecordedEvent> =>
  Object.fromEntries(
    Object.entries(members)
      .filter(([name, value]) => Object.hasOwn(MEMBERS, name) && MEMBERS[name as Member](value))
      .map(([name, value]) => [name, forJavaScript(value as Json)]),
  );

export const eventOf = ({ service, at, event, members }: Happening): ServiceEvent => ({
  service: textOf(service),
  at: textOf(at),
  event: textOf(event),
  ...checked(members),
});

type Members = Readonly<Record<string, unknown>>;

const recordedOf = (line: Members): RecordedEvent => ({
  at: textOf(String(line['at'])),
  event: textOf(String(line['event'])),
  ...checked(line),
});

export const explain = (name: string): Explanation => {
  const [service] = named([name]);
  const { history, ...rest } = factsJson(factsOf(service as Found, newAsking(false), nowMs()));
  const lines = history as unknown as readonly Members[];
  return Object.assign(forJavaScript(rest) as Service & { readonly logLines: readonly string[] }, {
    history: lines.map(recordedOf),
  });
};
