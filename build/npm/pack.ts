// Writes the packages for npm and packs them: dist/npm/runitbox-VERSION.tgz and, beside it, the static executable of
// this platform. `pack.ts EXECUTABLE SCRIPT TYPES OUT`
//
// Promises: one small package for everybody whose bin are the programs, and one for each platform, of which npm installs
// the one that fits (optionalDependencies). No install script.
// Read next: launcher.sh (what bin are), ../../src/api/index.ts (what it exports), ../../docs/node.md.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import { controlNames } from '../../src/formats/control.ts';
import { applets } from '../../src/whole.ts';

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: { readonly node: string };
}

const [executable, script, types, out] = process.argv.slice(2);
if (executable === undefined || script === undefined || types === undefined || out === undefined)
  throw new Error('usage: pack.ts EXECUTABLE SCRIPT TYPES OUT');

const root = join(import.meta.dirname, '../..');
const { version, description, license, engines } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Manifest;
const programs: readonly string[] = ['runitbox', ...applets.map(({ name }) => name)].sort();
const binary = `runitbox-linux-${process.arch}`;

const freshFolder = (name: string): string => {
  const folder = join(out, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(`${root}/LICENSE`, `${folder}/LICENSE`);
  return folder;
};

const writeManifest = (folder: string, manifest: object): void =>
  writeFileSync(`${folder}/package.json`, `${JSON.stringify({ version, license, ...manifest }, null, 2)}\n`);

const writeBinary = (): void => {
  const folder = freshFolder(binary);
  copyFileSync(executable, `${folder}/runitbox`);
  chmodSync(`${folder}/runitbox`, 0o755);
  writeFileSync(`${folder}/README.md`, `The static executable of the package runitbox for Linux on ${process.arch}.\n`);
  writeManifest(folder, {
    name: binary,
    description: `${description} (Linux, ${process.arch})`,
    os: ['linux'],
    cpu: [process.arch],
    files: ['runitbox'],
    preferUnplugged: true,
  });
};

const writeLaunchers = (folder: string): void => {
  const launcher = readFileSync(`${import.meta.dirname}/launcher.sh`, 'utf8');
  mkdirSync(`${folder}/bin`);
  for (const program of programs) {
    // the executable and the script are runitbox by their own names
    const text = launcher.replaceAll(' PROGRAM ', program === 'runitbox' ? ' ' : ` ${program} `);
    writeFileSync(`${folder}/bin/${program}`, text);
    chmodSync(`${folder}/bin/${program}`, 0o755);
  }
};

/** The types of the module in one file: what it imports is put in its place. */
const moduleTypes = (): string => {
  const shapes = readFileSync(join(dirname(types), 'types.d.ts'), 'utf8');
  const text = readFileSync(types, 'utf8')
    .replace(/^import \{ type ControlName \} from .*\n/m, '')
    .replace(/^import type \{[^}]*\} from '\.\/types\.(?:ts|js)';\n/m, '')
    .replace(/^export type \* from '\.\/types\.(?:ts|js)';\n/m, shapes)
    .replace(/\bControlName\b/g, controlNames.map((name) => `'${name}'`).join(' | '));
  if (/^import | from '\./m.test(text)) throw new Error(`${types} imports what the package does not have`);
  return text;
};

const writeModule = (folder: string): void => {
  mkdirSync(`${folder}/lib`);
  copyFileSync(script, `${folder}/lib/runitbox.cjs`);
  for (const [format, ending] of [['esm', 'mjs'] as const, ['cjs', 'cjs'] as const]) {
    const outfile = `${folder}/lib/index.${ending}`;
    const entryPoints = [`${root}/src/api/index.ts`];
    buildSync({ entryPoints, bundle: true, platform: 'node', target: 'node18', format, outfile, logLevel: 'warning' });
    writeFileSync(`${folder}/lib/index.d.${ending.replace('js', 'ts')}`, moduleTypes());
  }
};

const copyManual = (folder: string): readonly string[] => {
  mkdirSync(`${folder}/man`);
  const pages = readdirSync(`${root}/docs/man`).filter((name) => /\.[1-8]$/.test(name));
  for (const page of pages) copyFileSync(`${root}/docs/man/${page}`, `${folder}/man/${page}`);
  return pages.map((page) => `man/${page}`);
};

const writeFront = (): void => {
  const folder = freshFolder('runitbox');
  writeLaunchers(folder);
  writeModule(folder);
  copyFileSync(`${import.meta.dirname}/README.md`, `${folder}/README.md`);
  writeManifest(folder, {
    name: 'runitbox',
    description,
    keywords: ['runit', 'supervisor', 'supervision', 'init', 'daemontools', 'runsv', 'service'],
    engines,
    bin: Object.fromEntries(programs.map((program) => [program, `bin/${program}`])),
    man: copyManual(folder),
    exports: {
      '.': {
        import: { types: './lib/index.d.mts', default: './lib/index.mjs' },
        require: { types: './lib/index.d.cts', default: './lib/index.cjs' },
      },
      './package.json': './package.json',
    },
    files: ['bin', 'lib', 'man'],
    optionalDependencies: { [binary]: version },
  });
};

/** npm's own environment would tell it of the package that the build runs in. */
const pack = (name: string): void => {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', '..'];
  execFileSync('npm', args, { cwd: join(out, name), env, stdio: ['ignore', 'ignore', 'inherit'] });
};

writeBinary();
writeFront();
for (const name of [binary, 'runitbox']) {
  pack(name);
  console.log(`${out}/${name}-${version}.tgz`);
}
