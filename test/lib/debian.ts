// Debian's packages for the roots that tests make: from where this machine has its own, with its proxies.
//
// Promises: all of apt's files are read (build/apt-sources.sh); no archive is named here. Where this machine has none of
// Debian's, mmdebstrap takes its own. Read next: ../init/roots.ts, ../docker/images.ts, ../fresh/bases.ts.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, '../../build/apt-sources.sh');

export type Codename = 'bookworm' | 'trixie';

const text = (file: string, args: readonly string[]): string => execFileSync(file, args, { encoding: 'utf8' });
const lines = (all: string): readonly string[] => all.split('\n').filter((line) => line !== '');

/** How this machine's apt fetches: proxies, certificates, what it does not check. */
const fetching = (): readonly string[] =>
  lines(text('apt-config', ['dump'])).filter((line) =>
    /^Acquire::(https?|ftp|Check-|Retries|By-Hash|ForceIPv)[^ ]* "[^"]+";$/.test(line),
  );

export interface Wanted {
  readonly codename: Codename;
  readonly packages: readonly string[];
  readonly options?: readonly string[];
}

/** The arguments of mmdebstrap for a small root at `target`; the same wish gives the same arguments. */
export const mmdebstrap = ({ codename, packages, options = [] }: Wanted, target: string): readonly string[] => [
  ...['mmdebstrap', '--quiet', '--mode=root', '--variant=minbase', ...options],
  ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
  ...fetching().map((line) => `--aptopt=${line}`),
  ...[codename, target, ...lines(text(SCRIPT, [codename]))],
];

/** A name for what these arguments make. */
export const nameOf = (wanted: Wanted): string =>
  `${wanted.codename}-${createHash('sha256').update(mmdebstrap(wanted, '').join('\n')).digest('hex').slice(0, 8)}`;
