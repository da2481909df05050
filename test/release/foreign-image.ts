// An arm64 image, run by podman on this machine: foreign-image.ts ARCHIVE:TAG DIRECTORY
//
// Promises: nothing of it outlives the namespace that it makes for itself, podman's storage is below DIRECTORY.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { enterForeignNamespace, IDS_OF_CONTAINERS } from '../arch/foreign.ts';
import { PROCESSORS, registration } from '../arch/processors.ts';
import { Podman } from '../docker/podman.ts';
import { mustRun } from '../lib/run.ts';

const [archive = '', dir = ''] = process.argv.slice(2);
const arm64 = PROCESSORS.find(({ name }) => name === 'arm64');
if (archive === '' || dir === '' || arm64 === undefined)
  throw new Error('usage: foreign-image.ts ARCHIVE:TAG DIRECTORY');
const emulator = (await mustRun(['sh', '-c', 'command -v qemu-aarch64-static'])).trim();
const cannot = await enterForeignNamespace([registration(arm64, emulator)], IDS_OF_CONTAINERS);
if (cannot !== null) throw new Error(cannot);

const engine = await Podman.make(dir, 'vfs');
const service = join(dir, 'service/web');
mkdirSync(service, { recursive: true });
writeFileSync(join(service, 'run'), '#!/bin/busybox sh\nexec pause\n');
chmodSync(join(service, 'run'), 0o755);
try {
  await engine.podman('pull', '-q', '--arch', 'arm64', `oci-archive:${archive}`);
  const image = (await engine.podman('images', '-q', '--no-trunc')).trim();
  const words = [
    '-d',
    '--name',
    'foreign',
    '--platform',
    'linux/arm64',
    '--pull=never',
    '-v',
    `${join(dir, 'service')}:/etc/service`,
    // the image has no shell
    '-v',
    `${resolve('.cache/boot/arm64/busybox')}:/bin/busybox:ro`,
  ];
  await engine.podman('run', ...words, image);
  await engine.podman('exec', 'foreign', 'sv', 'wait', '-w', '200', 'up', '/etc/service/web');
  const status = await engine.podman('exec', 'foreign', 'sv', 'status', '/etc/service/web');
  if (!status.startsWith('run: /etc/service/web: (pid ')) throw new Error(`expected a running service, got ${status}`);
  const { Architecture } = JSON.parse(await engine.podman('image', 'inspect', image))[0] as {
    readonly Architecture: string;
  };
  if (Architecture !== 'arm64') throw new Error(`expected an image of arm64, got ${Architecture}`);
  await engine.podman('stop', '-t', '60', 'foreign');
  const code = (await engine.podman('inspect', '--format', '{{.State.ExitCode}}', 'foreign')).trim();
  if (code !== '0') throw new Error(`expected exit code 0 after TERM, got ${code}`);
} finally {
  await engine.close();
}
