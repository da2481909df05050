// Packs a script and Node.js into one executable: `pkg.ts SCRIPT OUT`.
//
// Promises: by @yao-pkg/pkg's simple single-executable mode, with the Node.js that npm installed, so that nothing is
// downloaded: neither here nor at run time. pkg's function is called and not its command, which passes on neither the
// path of a Node.js nor execArgv.
// Read next: ../docs/node.md.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

/** The part of @yao-pkg/pkg/lib-es5/sea.js, version 6.23.0, that is used. */
interface Sea {
  default(
    script: string,
    options: {
      readonly nodePath: string;
      readonly targets: readonly {
        readonly nodeRange: string;
        readonly platform: 'linux';
        readonly arch: string;
        readonly output: string;
      }[];
      readonly seaConfig: { readonly execArgv: readonly string[] };
    },
  ): Promise<void>;
}

/**
 * USR1 opens no port for a debugger; and no argument of ours is Node's: without the last word Node reads the file behind
 * any --env-file, and exits 9 where there is none.
 */
const NODE_OPTIONS: readonly string[] = ['--disable-sigusr1', '--'];

const fail = (why: string): never => {
  console.error(`make pkg: ${why}`);
  process.exit(1);
};

const versionOf = (node: string): string => {
  try {
    return execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return fail(`${node} does not run here: it wants glibc`);
  }
};

/** A copy without symbols, 18 MB smaller. */
const stripped = (node: string, folder: string): string => {
  const copy = `${folder}/node`;
  if (existsSync(copy) && statSync(copy).mtimeMs > statSync(node).mtimeMs) return copy;
  copyFileSync(node, `${copy}.new`);
  execFileSync('strip', [`${copy}.new`]);
  renameSync(`${copy}.new`, copy);
  return copy;
};

const [script, out] = process.argv.slice(2);
if (script === undefined || out === undefined) throw new Error('usage: pkg.ts SCRIPT OUT');
const node = `node_modules/node-linux-${process.arch}/bin/node`;
if (!existsSync(node)) fail(`npm has no Node.js for ${process.platform} ${process.arch}`);
const version = versionOf(node);
mkdirSync(dirname(out), { recursive: true });
const sea = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js') as Sea;
const target = { nodeRange: `node${version}`, platform: 'linux', arch: process.arch } as const;
await sea.default(resolve(script), {
  nodePath: resolve(stripped(node, dirname(script))),
  targets: [{ ...target, output: resolve(`${out}.new`) }],
  seaConfig: { execArgv: NODE_OPTIONS },
});
renameSync(`${out}.new`, out);
console.log(`${out}: ${statSync(out).size} bytes, Node.js ${version}, ${readFileSync(script).length} bytes of script`);
