// Reports as Prometheus text, format 0.0.4.
//
// Promises: one HELP and one TYPE line a metric, label values escaped; what a service cannot tell is left out. Pure.
// Read next: snapshot.ts.
import type { Bytes } from '../abi/bytes.ts';
import { validUtf8 } from './json.ts';
import type { Condition } from './condition.ts';
import { conditionOfSnapshot, type Snapshot } from './snapshot.ts';
import type { Moment } from './tai64.ts';

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  /** null: it cannot be told. */
  readonly value: (snapshot: Snapshot, condition: Condition) => number | string | null;
}

const flag = (yes: boolean): number => (yes ? 1 : 0);
const NS_IN_MS = 1e6;

/** With milliseconds: text costs a tenth of a fraction that is made and then written. */
const secondsText = ({ sec, nsec }: Moment): string => {
  const ms = (nsec / NS_IN_MS) | 0;
  return ms === 0 ? String(sec) : `${sec}.${String(ms).padStart(3, '0')}`;
};

const METRICS: readonly Metric[] = [
  { name: 'up', type: 'gauge', help: 'Whether ./run runs.', value: ({ main }) => flag(main?.status.phase === 'run') },
  {
    name: 'ready',
    type: 'gauge',
    help: 'Whether the service is ready, or runs if it cannot report readiness.',
    value: (_, condition) => flag(condition === 'running' || condition === 'ready' || condition === 'reloading'),
  },
  {
    name: 'wanted_up',
    type: 'gauge',
    help: 'Whether the service is wanted up.',
    value: ({ main }) => (main === null ? null : flag(main.status.want === 'up')),
  },
  {
    name: 'failed',
    type: 'gauge',
    help: 'Whether the restart policy has given up.',
    value: (_, condition) => flag(condition === 'failed'),
  },
  {
    name: 'waiting',
    type: 'gauge',
    help: 'Whether a start waits for a delay or a dependency.',
    value: (_, condition) => flag(condition === 'waiting' || condition === 'backoff'),
  },
  {
    name: 'supervised',
    type: 'gauge',
    help: 'Whether a runsv supervises the service.',
    value: ({ main }) => flag(main !== null),
  },
  {
    name: 'state_since_timestamp_seconds',
    type: 'gauge',
    help: 'When the present state began, in Unix seconds.',
    value: ({ main }) => (main === null ? null : secondsText(main.status)),
  },
  { name: 'starts_total', type: 'counter', help: 'Starts of ./run.', value: ({ main }) => main?.state?.starts ?? null },
  {
    name: 'failures_total',
    type: 'counter',
    help: 'Exits of ./run that nobody requested and that count as failures.',
    value: ({ main }) => main?.state?.failures ?? null,
  },
  {
    name: 'oom_kills_total',
    type: 'counter',
    help: 'Exits of ./run because the kernel killed it for lack of memory.',
    value: ({ main }) => main?.state?.ooms ?? null,
  },
  {
    name: 'consecutive_failures',
    type: 'gauge',
    help: 'Failures since the last good run.',
    value: ({ main }) => main?.state?.consecutiveFailures ?? null,
  },
  {
    name: 'cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of the service, in seconds.',
    value: ({ usage }) => usage?.cpuSeconds ?? null,
  },
  {
    name: 'memory_bytes',
    type: 'gauge',
    help: 'Memory of the service, in bytes.',
    value: ({ usage }) => usage?.memoryBytes ?? null,
  },
];

const NEEDS_CARE = /[\\"\n\x80-\xff]/;

const labelValue = (text: Bytes): Bytes =>
  NEEDS_CARE.test(text)
    ? validUtf8(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : text;

const headOf = (name: string, type: string, help: string): Bytes => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

/** A service, with what each of its lines needs. */
interface Labelled {
  readonly snapshot: Snapshot;
  readonly condition: Condition;
  readonly label: Bytes;
}

const metricText = ({ name, type, help, value }: Metric, services: readonly Labelled[]): Bytes => {
  const full = `runit_service_${name}`;
  let lines = '';
  for (let at = 0; at < services.length; at++) {
    const { snapshot, condition, label } = services[at] as Labelled;
    const told = value(snapshot, condition);
    if (told !== null) lines += `${full}${label}${told}\n`;
  }
  return lines === '' ? '' : headOf(full, type, help) + lines;
};

/** The whole text. `version`: of this program. */
export const metricsText = (snapshots: readonly Snapshot[], version: string): Bytes => {
  const services = snapshots.map((snapshot) => ({
    snapshot,
    condition: conditionOfSnapshot(snapshot),
    label: `{service="${labelValue(snapshot.name)}"} `,
  }));
  return (
    METRICS.map((metric) => metricText(metric, services)).join('') +
    headOf('runit_build_info', 'gauge', 'The version of runitbox.') +
    `runit_build_info{version="${labelValue(version)}"} 1\n`
  );
};
