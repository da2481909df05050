// Every Dockerfile and every docker command of the pages, as it stands there.
//
// A page's blocks are one session in a copy of the checkout. What a Dockerfile copies is there: a service `web`, a static
// program `server`. One that names no base stands on an image that has both the programs and that service.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from '../../docs/page.ts';
import { blocksIn } from '../../docs/pages.ts';
import { copyCheckout } from '../../docs/place.ts';
import { type Case, type Stage, shown } from '../case.ts';
import { mustRun } from '../../lib/run.ts';
import { until } from '../wait.ts';

const BASE = 'docs-base';
/** A program that waits for a signal. */
const SERVER = 'extern int pause(void); int main(void) { for (;;) pause(); }\n';

const script = (path: string, text: string): void => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
};

/** The engine of the test has no bridge: what is published is the machine's own, what is built may use its network. */
const CLIENT = `#!/bin/bash
words=("$1"); published=none
for word in "\${@:2}"; do
  case $word in -p) published=host; skip=yes ;; *) [ "$skip" ] || words+=("$word"); skip= ;; esac
done
case $1 in
build) exec /usr/bin/docker build --network host --build-arg REVISION=tested "\${words[@]:1}" ;;
run) exec /usr/bin/docker run --network $published --label "docs=$DOCS" "\${words[@]:1}" ;;
*) exec /usr/bin/docker "$@" ;;
esac
`;

const prepare = async ({ engine, work }: Stage): Promise<string> => {
  const dir = join(work, 'checkout');
  copyCheckout(dir);
  script(join(dir, 'service/web/run'), 'exec sleep 100000');
  writeFileSync(join(dir, '.dockerignore'), '.git\nnode_modules\nout\n.cache\n');
  writeFileSync(join(dir, 'base.Dockerfile'), 'FROM runitbox:debian\nCOPY service /etc/service\n');
  execFileSync('musl-gcc', ['-static', '-x', 'c', '-o', join(dir, 'server'), '-'], { input: SERVER });
  await engine.docker('build', '-q', '--network', 'none', '-t', BASE, '-f', join(dir, 'base.Dockerfile'), dir);
  mkdirSync(join(work, 'bin'));
  writeFileSync(join(work, 'bin/docker'), CLIENT, { mode: 0o755 });
  return dir;
};

/** Builds it and runs it: the service comes up, or the command ends with 0; docker stop ends it in order. */
const playDockerfile = async (stage: Stage, dir: string, block: Block): Promise<void> => {
  const name = block.options['tag'] ?? `docs-${block.page.replaceAll(/\W+/g, '-').toLowerCase()}-${block.line}`;
  const file = join(dir, `${name}.Dockerfile`);
  writeFileSync(file, `${/^FROM /m.test(block.text) ? '' : `FROM ${BASE}\n`}${block.text}`);
  await stage.engine.docker('build', '-q', '--network', 'host', '-t', name, '-f', file, dir);
  // a piece of a Dockerfile that says nothing of how it is started stands on one that does
  const container = await stage.run([], name);
  if (/^CMD \["(sleep|sh)"/m.test(block.text)) {
    const code = await container.code();
    if (code !== 0)
      throw new Error(`${block.page}:${block.line}: the command ended with ${code}\n${container.lines.join('\n')}`);
    return;
  }
  if (/\/server"/.test(block.text)) await container.process(/^\/server --port 8080$/);
  else {
    const service = 'tag' in block.options ? 'app' : 'web';
    await until(
      'the service',
      async () => (await stage.engine.tryDocker('exec', container.name, 'sv', 'check', service)).code === 0,
    );
  }
  const code = await container.stop();
  if (code !== 0 && code !== 143) throw new Error(`${block.page}:${block.line}: docker stop gave ${code}`);
};

const playSession = async (stage: Stage, blocks: readonly Block[]): Promise<void> => {
  const dir = await prepare(stage);
  const env = {
    ...stage.engine.env,
    DOCS: stage.work,
    PATH: `${join(stage.work, 'bin')}:${process.env['PATH'] ?? ''}`,
  };
  try {
    for (const block of blocks) {
      if (block.language === 'dockerfile') await playDockerfile(stage, dir, block);
      else await mustRun(['sh', '-ec', `cd "$0"\n${block.text}`, dir], { env });
    }
  } finally {
    const left = await stage.engine.docker('ps', '-aq', '--filter', `label=docs=${stage.work}`);
    for (const id of left.split('\n').filter((line) => line !== '')) await stage.engine.tryDocker('rm', '-fv', id);
  }
};

export const DOCS: readonly Case[] = [...blocksIn('docker')].map(([page, blocks]) =>
  shown(`${page}: every Dockerfile and every docker command does what it is there for`, (stage) =>
    playSession(stage, blocks),
  ),
);
