// What the images are, before anything runs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, shown } from '../case.ts';
import { mustRun, run } from '../../lib/run.ts';
import { KINDS } from '../images.ts';

const ENTRYPOINT = '["runsvdir","-P","--subreaper","/etc/service"]';

/** The names in the image's file system, links with where they lead. */
const filesOf = async (env: Readonly<Record<string, string>>, image: string, dir: string): Promise<string> => {
  mkdirSync(dir, { recursive: true });
  await mustRun(['/usr/bin/docker', 'save', '-o', join(dir, 'image.tar'), image], { env });
  await mustRun(['tar', '-xf', join(dir, 'image.tar'), '-C', dir]);
  // releases of Docker have different places for layers
  const [manifest] = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as [{ Layers: readonly string[] }];
  const lists = await Promise.all(manifest.Layers.map((layer) => mustRun(['tar', '-tvf', join(dir, layer)])));
  return lists.join('');
};

export const IMAGES: readonly Case[] = [
  shown('the carrier holds the executable, a link for each program, the licence, and nothing else', async (stage) => {
    const text = await filesOf(stage.engine.env, 'runitbox:latest', join(stage.work, 'carrier'));
    const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('d'));
    const links = names.filter((line) => / usr\/local\/bin\/\S+ -> runitbox$/.test(line));
    const listed = execFileSync('dist/runitbox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
    const linked = links.map((line) => /bin\/(\S+) ->/.exec(line)?.[1] ?? '').sort();
    assert.deepEqual(linked, [...listed].sort());
    assert.equal(names.length, links.length + 2, names.join('\n'));
  }),
  shown(
    'the executable that docker build makes is static and answers in an image that has nothing else',
    async (stage) => {
      const program = ['run', '--rm', '--network', 'none', '--entrypoint', 'runitbox', 'runitbox:static', '--version'];
      assert.match(await stage.engine.docker(...program), /^runitbox \d+\.\d+\.\d+\n/m);
    },
  ),
  shown('every image has OCI labels, a stop signal and the supervisor as its entry point', async (stage) => {
    const label = (name: string): string => `{{index .Config.Labels "org.opencontainers.image.${name}"}}`;
    const format = `${['title', 'licenses', 'version', 'revision'].map(label).join(' ')}`;
    for (const tag of [...KINDS, 'nonroot', 'latest']) {
      assert.match(await stage.engine.inspect(`runitbox:${tag}`, format), /^runitbox MIT \d+\.\d+\.\d+ tested$/, tag);
      if (tag === 'latest') continue;
      const config = await stage.engine.inspect(
        `runitbox:${tag}`,
        '{{.Config.StopSignal}} {{json .Config.Entrypoint}}',
      );
      assert.equal(config, `SIGTERM ${ENTRYPOINT}`, tag);
    }
  }),
  shown('an image for this platform can be asked for by --platform', async (stage) => {
    const platform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
    const words = [
      '--network',
      'host',
      '--build-arg',
      'REVISION=tested',
      '--platform',
      platform,
      '-t',
      'platform',
      '.',
    ];
    await stage.engine.docker('build', '-q', ...words);
    assert.equal(await stage.engine.inspect('platform', '{{.Os}}/{{.Architecture}}'), platform);
  }),
  shown('without a registry a base image that is not here is reported, not replaced', async (stage) => {
    const words = ['build', '--build-arg', 'ALPINE=not-here:1', '--target', 'alpine', '--network', 'none', '.'];
    const { code, text } = await run(['/usr/bin/docker', ...words], { env: stage.engine.env });
    assert.notEqual(code, 0);
    assert.match(text, /not-here/);
  }),
];
