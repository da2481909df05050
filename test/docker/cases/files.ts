// Compose and Kubernetes files: they fit their schemas, and are run as far as that goes without a cluster.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, shown, type Stage } from '../case.ts';
import { ownFile } from '../images.ts';
import { Podman } from '../podman.ts';
import { assertValid, composeErrors, type Manifest, manifests, unknownFields, yaml } from '../schemas.ts';
import { mustRun, run } from '../../lib/run.ts';
import { until } from '../wait.ts';

const KUBERNETES = readdirSync('docker/kubernetes').filter((name) => name.endsWith('.yaml'));
const COMPOSE = 'docker/examples/compose.yaml';

const fits = (name: string): Case =>
  shown(`kubernetes/${name} has only fields that exist, of the right types`, async () => {
    for (const manifest of manifests(ownFile(`docker/kubernetes/${name}`))) {
      assertValid(manifest);
      assert.equal(await unknownFields(manifest), '');
      const misspelt = { ...manifest, spec: { ...manifest.spec, serviceNam: 'x' } };
      assert.match(await unknownFields(misspelt), /serviceNam/, 'a misspelt field would be found');
    }
  });

const composeFits = shown('compose.yaml fits the schema of compose files', async () => {
  assert.equal(composeErrors(ownFile(COMPOSE)), null);
  assert.notEqual(composeErrors(ownFile(COMPOSE).replace('stop_grace_period', 'stop_grace_periot')), null);
  await mustRun(['docker-compose', '-f', COMPOSE, 'config', '-q']);
});

interface ComposeFile {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** There is no network here: the same file without ports, and with images that are built. */
const withoutNetwork = (text: string): string => {
  const { services } = yaml().load(text) as ComposeFile;
  const rows = Object.entries(services).map(([name, { ports: _ports, build: _build, ...rest }]) => [
    name,
    { ...rest, network_mode: 'none' },
  ]);
  return yaml().dump({ services: Object.fromEntries(rows) });
};

const composeRuns = shown(
  'compose: everything comes up in order, three workers too, and stops with exit code 0',
  async (stage) => {
    const file = join(stage.work, 'compose.yaml');
    writeFileSync(file, withoutNetwork(ownFile(COMPOSE)));
    const project = `t${process.pid}`;
    const compose = (...words: readonly string[]): Promise<string> =>
      mustRun(['docker-compose', '-p', project, '-f', file, ...words], { env: stage.engine.env });
    try {
      await compose('up', '-d', '--no-build', '--scale', 'worker=3');
      const ids = (await compose('ps', '-q')).trim().split('\n');
      assert.equal(ids.length, 5);
      for (const id of ids)
        await until(
          `${id} to be healthy`,
          async () => (await stage.engine.inspect(id, '{{.State.Health.Status}}')) === 'healthy',
        );
      await compose('stop');
      for (const id of ids)
        assert.equal(await stage.engine.inspect(id, '{{.State.ExitCode}} {{.State.Status}}'), '0 exited');
    } finally {
      await run(['docker-compose', '-p', project, '-f', file, 'down', '-v', '-t', '0'], { env: stage.engine.env });
    }
  },
);

/** What the cluster would make of it: a StatefulSet's first pod; its disk is an empty directory. */
const podOf = (manifest: Manifest): Manifest => {
  if (manifest.kind !== 'StatefulSet') return manifest;
  const { spec } = manifest.spec['template'] as { spec: { readonly volumes: readonly object[] } };
  const volumes = [...spec.volumes, { name: 'data', emptyDir: {} }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'api-0' }, spec: { ...spec, volumes } };
};

interface Played {
  readonly file: string;
  /** From podman 4.4 on a pod of a Deployment has no number. */
  readonly container: RegExp;
  readonly lastLine: RegExp;
}

const PLAYED: readonly Played[] = [
  { file: 'pod.yaml', container: /^web-web$/, lastLine: /^php-fpm: .*bye-bye!$/m },
  { file: 'deployment.yaml', container: /^web-pod(-0)?-web$/, lastLine: /^php-fpm: .*bye-bye!$/m },
  { file: 'statefulset.yaml', container: /^api(-0)?-api$/, lastLine: /^app: saying good-bye$/m },
];

/** There is no network here. */
const withoutPorts = (key: string, value: unknown): unknown => (key === 'ports' ? undefined : value);

const playOne = async (stage: Stage, podman: Podman, played: Played): Promise<void> => {
  const { file, lastLine } = played;
  const path = join(stage.work, file);
  const text = manifests(ownFile(`docker/kubernetes/${file}`)).filter(({ kind }) => kind !== 'Service');
  const pod: unknown = JSON.parse(JSON.stringify(podOf(text[0] as Manifest), withoutPorts));
  writeFileSync(path, yaml().dump(pod));
  await podman.podman('kube', 'play', '--network', 'none', path);
  const names = (await podman.podman('ps', '--format', '{{.Names}}')).split('\n');
  const container = names.find((name) => played.container.test(name)) ?? '';
  assert.notEqual(container, '', `${file}: expected ${String(played.container)}, found ${names.join(' ')}`);
  const exec = (...words: readonly string[]): Promise<string> => podman.podman('exec', container, ...words);
  const probed = file === 'statefulset.yaml' ? ['app'] : ['nginx', 'php-fpm'];
  await exec('sv', '-w', '30', 'check', ...probed);
  await podman.podman('healthcheck', 'run', container);
  if (file !== 'statefulset.yaml')
    await exec('sv', '-w', '20', 'stop', 'nginx'); // as preStop does
  else assert.doesNotMatch(await exec('cat', '/proc/1/cmdline'), /runsvdir/, 'process 1 is the pod’s');
  await podman.podman('stop', '-t', '30', container);
  assert.equal((await podman.podman('inspect', '--format', '{{.State.ExitCode}}', container)).trim(), '0', file);
  assert.match(await podman.podman('logs', container), lastLine);
  await podman.podman('kube', 'down', path);
};

const kubePlay = shown(
  'podman plays the pod, the Deployment and a pod of the StatefulSet; probes pass, the stop is clean',
  async (stage) => {
    const podman = await Podman.make(stage.work);
    try {
      for (const image of ['example-web', 'example-nonroot']) {
        const archive = join(stage.work, `${image}.tar`);
        await stage.engine.docker('save', '-o', archive, `${image}:latest`);
        await podman.podman('load', '-q', '-i', archive);
      }
      for (const each of PLAYED) await playOne(stage, podman, each);
    } finally {
      await podman.close();
    }
  },
);

const DOCKERFILES = [
  'Dockerfile',
  ...['web', 'cron', 'command', 'nonroot'].map((name) => `docker/examples/${name}/Dockerfile`),
];

const lint = shown('every Dockerfile passes the linter', async () => {
  for (const file of DOCKERFILES)
    await mustRun(['.cache/docker/schemas/node_modules/.bin/dockerfile-utils', 'lint', file]);
});

export const FILES: readonly Case[] = [kubePlay, composeRuns, composeFits, ...KUBERNETES.map(fits), lint];
