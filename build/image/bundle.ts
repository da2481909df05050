// Bundles what the heap image holds, and its cold parts, which take from the image what that has anyway.
//
//   bundle.ts OUT src/main.ts --define:NAME=VALUE ...      writes OUT/runitbox.js and OUT/cold-NAME.js
//
// A cold part is compiled by itself, so it would have a copy of each module that it imports. Functions, classes and tables that
// are in the image too stand there in one list, `__shared`; in a cold part each of these is its place in the list. What is
// exported as `let` is never shared, nor is what is so small that a place in the list would cost more.
// Both lists come from esbuild's own output, in which the name of each module stands above what is left of it.
// Read next: ../../src/host/cold.ts (who loads a part).
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');
/** Bytes that are left of a module from which on what it exports is worth a place. */
const LEAST = 60;
/** esbuild puts these where they are used. */
const LITERAL = /^var \w+ = (?:-?\w+|"[^"]*");\s*$/;

const [out = '', main = '', ...words] = process.argv.slice(2);
const define = Object.fromEntries(
  words
    .map((word) => /^--define:(\w+)=(.*)$/.exec(word))
    .flatMap((match) => (match === null ? [] : [[match[1], match[2]]])),
);

const OPTIONS: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'iife',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  // node_modules may be a link: where it leads is no part of what is built
  preserveSymlinks: true,
  target: 'es2023',
  banner: { js: '"use strict";' },
  supported: { 'logical-assignment': false },
  legalComments: 'none',
  define,
  logLevel: 'warning',
  write: false,
};

const textOf = async (options: BuildOptions): Promise<string> => {
  const { outputFiles = [] } = await build({ ...OPTIONS, ...options });
  return outputFiles[0]?.text ?? '';
};

/** What a bundle has left of each module: the text of its declarations. */
const modulesIn = (bundle: string): ReadonlyMap<string, string> => {
  const parts = bundle.split(/^ {2}\/\/ (src\/\S+\.ts)$/m);
  const modules = new Map<string, string>();
  for (let at = 1; at < parts.length; at += 2) modules.set(parts[at] ?? '', parts[at + 1] ?? '');
  return modules;
};

const EXPORT = /^export (?:const|function|class) (\w+)/gm;

/** The exports of a module that a bundle has kept. */
const keptOf = (path: string, text: string): ReadonlySet<string> => {
  const declarations = text.split(/^ {2}(?=(?:var|function|class) \w)/m).filter((each) => !LITERAL.test(each));
  const exported = [...readFileSync(join(ROOT, path), 'utf8').matchAll(EXPORT)].map(([, name = '']) => name);
  return new Set(
    exported.filter((name) =>
      declarations.some((each) => new RegExp(`^(?:var|function|class) ${name}\\d*\\b`).test(each)),
    ),
  );
};

interface Shared {
  readonly path: string;
  readonly name: string;
}

/** What both the image and one of the parts have. */
const sharedOf = (image: string, parts: readonly string[]): readonly Shared[] => {
  const inImage = modulesIn(image);
  const shared: Shared[] = [];
  for (const [path, text] of [...inImage].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (text.length < LEAST) continue;
    const used = parts.map((part) => keptOf(path, modulesIn(part).get(path) ?? ''));
    for (const name of keptOf(path, text)) if (used.some((each) => each.has(name))) shared.push({ path, name });
  }
  return shared;
};

/** The image's bundle: its own entry, then the list. */
const imageEntry = (entry: string, shared: readonly Shared[]): string =>
  [
    `import './${entry}';`,
    ...shared.map(({ path, name }, at) => `import { ${name} as s${at} } from './${path}';`),
    `globalThis.__shared = [${shared.map((_, at) => `s${at}`).join(', ')}];`,
  ].join('\n');

const OWN = 'own:';
const MINIMIST = join(ROOT, 'node_modules/minimist/index.js');

/** In a cold part, what is shared comes from the list, and the rest of the module from its own copy. */
const fromList = (shared: readonly Shared[]): Plugin => ({
  name: 'shared',
  setup(setup) {
    const paths = new Set(shared.map(({ path }) => path));
    setup.onResolve({ filter: /^\.\.?\// }, ({ path, importer, resolveDir, namespace }) => {
      const from = namespace === 'shared' ? dirname(join(ROOT, importer)) : resolveDir;
      const target = relative(ROOT, resolve(from, path));
      return paths.has(target) ? { path: target, namespace: 'shared', sideEffects: false } : undefined;
    });
    // a module of the old kind, which would stay although nobody uses it
    setup.onResolve({ filter: /^minimist$/ }, () => ({ path: MINIMIST, sideEffects: false }));
    setup.onResolve({ filter: /^own:/ }, ({ path }) => ({
      path: join(ROOT, path.slice(OWN.length)),
      sideEffects: false,
    }));
    setup.onLoad({ filter: /.*/, namespace: 'shared' }, ({ path }) => ({
      contents: stubOf(path, shared),
      loader: 'ts',
      resolveDir: ROOT,
    }));
  },
});

const ANY_EXPORT = /^export (?:const|let|function|class) (\w+)/gm;

const stubOf = (path: string, shared: readonly Shared[]): string => {
  const places = new Map(shared.flatMap((each, at) => (each.path === path ? [[each.name, at] as const] : [])));
  const all = [...readFileSync(join(ROOT, path), 'utf8').matchAll(ANY_EXPORT)].map(([, name = '']) => name);
  const rest = all.filter((name) => !places.has(name));
  return [
    'const at = (place: number) => globalThis.__shared[place];',
    ...[...places].map(([name, place]) => `export const ${name} = /* @__PURE__ */ at(${place});`),
    ...(rest.length === 0 ? [] : [`export { ${rest.join(', ')} } from '${OWN}${path}';`]),
  ].join('\n');
};

const put = (name: string, text: string): void => {
  writeFileSync(join(out, `${name}.new`), text);
  renameSync(join(out, `${name}.new`), join(out, name));
};

const entries = readdirSync(join(ROOT, 'src')).filter((name) => /^cold-\w+\.ts$/.test(name));
const plainImage = await textOf({ entryPoints: [main] });
const plainParts = await Promise.all(entries.map((entry) => textOf({ entryPoints: [`src/${entry}`] })));
const shared = sharedOf(plainImage, plainParts);
const small: BuildOptions = { minifyWhitespace: true, minifySyntax: true };
const image = await textOf({
  ...small,
  stdin: { contents: imageEntry(main, shared), resolveDir: ROOT, loader: 'ts' },
});
mkdirSync(out, { recursive: true });
put('runitbox.js', image + readFileSync(join(ROOT, 'build/image/samples.js'), 'utf8'));
for (const entry of entries) {
  const text = await textOf({ ...small, entryPoints: [`src/${entry}`], plugins: [fromList(shared)] });
  put(entry.replace(/\.ts$/, '.js'), text);
}
