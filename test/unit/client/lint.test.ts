// `sv lint` on directories with one mistake each, on the virtual kernel.
import { describe, expect, it } from 'vitest';
import { readDirectory } from '../../../src/client/lint/read.ts';
import { findings } from '../../../src/client/lint/rules.ts';
import { sys } from '../../../src/host/sys.ts';
import { BROKEN, GOOD, type Node } from '../../fixtures/service-directories.ts';
import { VirtualKernel } from '../../sim/kernel/kernel.ts';

type Nodes = Readonly<Record<string, Node>>;

/** What is said of a directory with these nodes. */
const findingsOf = (name: string, nodes: Nodes): readonly string[] => {
  const kernel = new VirtualKernel();
  const { user } = kernel;
  user.file('/bin/sh', '\x7fELF', 0o755);
  user.folder(`/sv/${name}`);
  for (const [path, node] of Object.entries(nodes)) {
    if (node === null || 'link' in node) continue;
    if ('folder' in node) user.folder(`/sv/${name}/${path}`);
    else user.file(`/sv/${name}/${path}`, node[1], node[0]);
  }
  let said: readonly string[] = [];
  kernel.run(
    () => {
      for (const [path, node] of Object.entries(nodes))
        if (node !== null && 'link' in node) sys.symlink(node.link, `/sv/${name}/${path}`);
      said = findings(readDirectory(name, `/sv/${name}`)).map(({ level, what }) => `${level}: ${what}`);
      return 0;
    },
    { argv: ['sv'] },
  );
  return said;
};

const script = (text: string): readonly string[] => findingsOf('web', { run: [0o755, `#!/bin/sh\n${text}`] });

describe('sv lint', () => {
  it('says nothing of a directory that is right', () => expect(findingsOf('web', GOOD)).toEqual([]));

  it.each(BROKEN)('finds the one mistake: $name', ({ name, changes, finding }) => {
    expect(findingsOf(name, { ...GOOD, ...changes })).toEqual([finding]);
  });

  it('knows what is no directory', () => {
    const of = (path: string): readonly string[] => {
      const kernel = new VirtualKernel();
      kernel.user.file('/sv/file', '');
      let said: readonly string[] = [];
      kernel.run(
        () => {
          sys.symlink('/nowhere', '/sv/link');
          said = findings(readDirectory('x', path)).map(({ what }) => what);
          return 0;
        },
        { argv: ['sv'] },
      );
      return said;
    };
    expect([of('/sv/none'), of('/sv/link'), of('/sv/file')]).toEqual([
      ['no such directory'],
      ['no such directory'],
      ['is not a directory'],
    ]);
  });

  it.each([
    'exec sleep 1d',
    'cd /srv && exec web',
    'if test -x /bin/a; then\n  exec a\nfi',
    'case $1 in\na) exec a;;\nesac',
    'test -x /bin/a || exec sleep 1d',
    '. ./lib\nexec web <<END\nnohup\nEND',
    "exec web 'nohup --daemon'",
    'exec web \\\n  --port 80 \\\n  --foreground',
    'while :; do work; sleep 1; done',
    'mount /proc\nsleep infinity',
    '# nohup web &\nexec web # --daemon',
    'exec web --daemonize=no',
    'f() {\n  exec web\n}\nf || exit 1\nexec web',
    'sv start db || exit 1\nexec web',
  ])('has nothing against %j', (text) => expect(script(text)).toEqual([]));

  it.each(['#!/usr/bin/perl\nsystem("nohup web &");\n', '\x7fELF'])('does not judge other programs', (text) => {
    expect(findingsOf('web', { run: [0o755, text] }).filter((line) => !line.includes('interpreter'))).toEqual([]);
  });
});
