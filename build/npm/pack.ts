// Writes the packages for npm and packs them: OUT/runitbox-VERSION.tgz and, beside it, one for each static executable.
// `pack.ts SCRIPT TYPES OUT PROCESSOR=EXECUTABLE...`
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

/** Names of the kernel's for processors -> those of Node.js. */
const NODE_NAMES: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  arm64: 'arm64',
  armv7: 'arm',
  i386: 'ia32',
  riscv64: 'riscv64',
  ppc64le: 'ppc64',
  s390x: 's390x',
};
interface Binary {
  readonly name: string;
  readonly cpu: string;
  readonly executable: string;
}

const usage = (): never => {
  const names = Object.keys(NODE_NAMES).join(', ');
  throw new Error(`usage: pack.ts SCRIPT TYPES OUT PROCESSOR=EXECUTABLE..., of ${names}`);
};
const [script = '', types = '', out = '', ...words] = process.argv.slice(2);
const binaries: readonly Binary[] = words.map((word) => {
  const [processor = '', executable = ''] = word.split('=');
  const cpu = NODE_NAMES[processor] ?? usage();
  return { name: `runitbox-linux-${cpu}`, cpu, executable };
});
if (binaries.length === 0) usage();

const root = join(import.meta.dirname, '../..');
const { version, description, license, engines } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Manifest;
const programs: readonly string[] = ['runitbox', ...applets.map(({ name }) => name)].sort();

const freshFolder = (name: string): string => {
  const folder = join(out, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(`${root}/LICENSE`, `${folder}/LICENSE`);
  return folder;
};

const writeManifest = (folder: string, manifest: object): void =>
  writeFileSync(`${folder}/package.json`, `${JSON.stringify({ version, license, ...manifest }, null, 2)}\n`);

const writeBinary = ({ name, cpu, executable }: Binary): void => {
  const folder = freshFolder(name);
  copyFileSync(executable, `${folder}/runitbox`);
  chmodSync(`${folder}/runitbox`, 0o755);
  writeFileSync(`${folder}/README.md`, `The static executable of the package runitbox for Linux on ${cpu}.\n`);
  writeManifest(folder, {
    name,
    description: `${description} (Linux, ${cpu})`,
    os: ['linux'],
    cpu: [cpu],
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
    optionalDependencies: Object.fromEntries(binaries.map(({ name }) => [name, version])),
  });
};

/** npm's own environment would tell it of the package that the build runs in. */
const pack = (name: string): void => {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', '..'];
  execFileSync('npm', args, { cwd: join(out, name), env, stdio: ['ignore', 'ignore', 'inherit'] });
};

process.umask(0o022);
for (const binary of binaries) writeBinary(binary);
writeFront();
for (const name of [...binaries.map(({ name }) => name), 'runitbox']) {
  pack(name);
  console.log(`${out}/${name}-${version}.tgz`);
}
