// Reports as Prometheus text, format 0.0.4.
//
// Promises: one HELP and one TYPE line a metric, label values escaped; what a service cannot tell is left out. Pure.
// Read next: snapshot.ts.
import type { Bytes } from '../abi/bytes.ts';
import { validUtf8 } from './json.ts';
import { conditionOfSnapshot, type Snapshot } from './snapshot.ts';

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  /** null: it cannot be told. */
  readonly value: (snapshot: Snapshot) => number | null;
}

const flag = (yes: boolean): number => (yes ? 1 : 0);
const NANOSECONDS = 1e9;
/** Digits of a second that are told. */
const MILLISECONDS = 1000;

const METRICS: readonly Metric[] = [
  { name: 'up', type: 'gauge', help: 'Whether ./run runs.', value: ({ main }) => flag(main?.status.phase === 'run') },
  {
    name: 'ready',
    type: 'gauge',
    help: 'Whether the service is of use: ready where it can tell, else running.',
    value: (snapshot) => flag(['ready', 'running', 'reloading'].includes(conditionOfSnapshot(snapshot))),
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
    help: 'Whether its restart policy has given the service up.',
    value: (snapshot) => flag(conditionOfSnapshot(snapshot) === 'failed'),
  },
  {
    name: 'waiting',
    type: 'gauge',
    help: 'Whether a start is held back, by a delay or by a dependency.',
    value: (snapshot) => flag(['waiting', 'backoff'].includes(conditionOfSnapshot(snapshot))),
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
    value: ({ main }) =>
      main === null
        ? null
        : main.status.sec + Math.floor((main.status.nsec / NANOSECONDS) * MILLISECONDS) / MILLISECONDS,
  },
  { name: 'starts_total', type: 'counter', help: 'Starts of ./run.', value: ({ main }) => main?.state?.starts ?? null },
  {
    name: 'failures_total',
    type: 'counter',
    help: 'Ends of ./run that nobody asked for and that count as failures.',
    value: ({ main }) => main?.state?.failures ?? null,
  },
  {
    name: 'oom_kills_total',
    type: 'counter',
    help: 'Ends of ./run by the kernel for lack of memory.',
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
    help: 'Processor time of the service, in seconds.',
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

/** `labels`: of the snapshots, one each. */
const metricText = (
  { name, type, help, value }: Metric,
  snapshots: readonly Snapshot[],
  labels: readonly Bytes[],
): Bytes => {
  const lines: Bytes[] = [];
  snapshots.forEach((snapshot, at) => {
    const told = value(snapshot);
    if (told !== null) lines.push(`runit_service_${name}${labels[at]}${told}\n`);
  });
  return lines.length === 0 ? '' : headOf(`runit_service_${name}`, type, help) + lines.join('');
};

/** The whole text. `version`: of this program. */
export const metricsText = (snapshots: readonly Snapshot[], version: string): Bytes => {
  const labels = snapshots.map(({ name }) => `{service="${labelValue(name)}"} `);
  return (
    METRICS.map((metric) => metricText(metric, snapshots, labels)).join('') +
    headOf('runit_build_info', 'gauge', 'The version of runitbox.') +
    `runit_build_info{version="${labelValue(version)}"} 1\n`
  );
};
