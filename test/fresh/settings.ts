// What this machine knows about its package registries, as a bare machine beside it would be told by its owner: names,
// proxies, certificates, npm's settings. Nothing of it is in a file of the repository.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const VARIABLE =
  /^(https?_proxy|no_proxy|all_proxy|npm_config_(?!cache|prefix|userconfig|globalconfig).*|.*_ca_certs|ssl_cert_file|curl_ca_bundle)$/i;
const NPM = ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl'];

/** Files and directories that say how the registries are reached. */
const FILES = ['/etc/resolv.conf', '/etc/hosts', '/etc/apt/mirrors', '/usr/local/share/ca-certificates'];

const npmSetting = (key: string): string =>
  execFileSync('npm', ['config', 'get', key], { encoding: 'utf8', cwd: '/' }).trim();

const ofNpm = (): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (const key of NPM) {
    const value = npmSetting(key);
    if (!['', 'null', 'undefined'].includes(value)) found[`npm_config_${key.replaceAll('-', '_')}`] = value;
  }
  return found;
};

export interface Settings {
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

export const readSettings = (): Settings => {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => VARIABLE.test(entry[0]));
  const env = { ...ofNpm(), ...Object.fromEntries(own) };
  const named = Object.values(env).filter((value) => value.startsWith('/') && existsSync(value));
  return { env, files: [...FILES, ...new Set(named)].filter((path) => existsSync(path)) };
};

/** Copies the files into a root; what it has of its own, it keeps, but for names and addresses. */
export const layFiles = ({ files }: Settings, root: string): void => {
  for (const file of files) {
    const there = join(root, file);
    if (existsSync(there) && !FILES.includes(file)) continue;
    mkdirSync(dirname(there), { recursive: true });
    cpSync(file, there, { recursive: true, dereference: true });
  }
};
