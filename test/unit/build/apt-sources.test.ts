import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../../build/apt-sources.sh');

const sources = (codename: string, files: Readonly<Record<string, string>>): readonly string[] => {
  const etc = mkdtempSync(join(tmpdir(), 'runitbox-apt-'));
  onTestFinished(() => rmSync(etc, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(etc, name)), { recursive: true });
    writeFileSync(join(etc, name), text);
  }
  const text = execFileSync('sh', [SCRIPT, codename], { encoding: 'utf8', env: { ...process.env, APT_ETC: etc } });
  return text.split('\n').filter((line) => line !== '');
};

it('reads every file of both formats, whatever its name', () => {
  const found = sources('bookworm', {
    'sources.list':
      'deb http://one.test/debian bookworm main contrib # near\ndeb-src http://one.test/debian bookworm main\n',
    'sources.list.d/own.list':
      'deb [arch=amd64 signed-by=/k.gpg] https://two.test/debian-security bookworm-security main\n',
    'sources.list.d/mine.sources':
      '# near\nTypes: deb deb-src\nURIs: http://three.test/debian/\nSuites: bookworm bookworm-updates\n' +
      'Components: main non-free\nSigned-By: /usr/share/keyrings/k.gpg\n',
  });
  expect(found).toEqual([
    'deb http://one.test/debian bookworm main',
    'deb [signed-by=/k.gpg] https://two.test/debian-security bookworm-security main',
    'deb [signed-by=/usr/share/keyrings/k.gpg] http://three.test/debian/ bookworm main',
    'deb [signed-by=/usr/share/keyrings/k.gpg] http://three.test/debian/ bookworm-updates main',
  ]);
});

it('names them for another release', () => {
  const files = {
    'sources.list': 'deb http://a.test/debian stable main\ndeb http://a.test/debian stable-updates main\n',
  };
  expect(sources('trixie', files)).toEqual([
    'deb http://a.test/debian trixie main',
    'deb http://a.test/debian trixie-updates main',
  ]);
  expect(sources('sid', files)).toEqual(['deb http://a.test/debian sid main']);
});

it('takes a list of mirrors, and a key that stands in the file itself', () => {
  const found = sources('trixie', {
    'sources.list.d/cloud.sources':
      'Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: trixie\nComponents: main\n' +
      'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----\n',
  });
  expect(found).toEqual(['deb mirror+file:///etc/apt/mirrors/debian.list trixie main']);
});

it('leaves out what is switched off, what is not Debian, and what is there twice', () => {
  const found = sources('trixie', {
    'sources.list': '# deb http://no.test/debian trixie main\ndeb http://yes.test/debian trixie main\n',
    'sources.list.d/off.sources':
      'Enabled: no\nTypes: deb\nURIs: http://off.test/debian\nSuites: trixie\nComponents: main\n\n' +
      'Types: deb\nURIs: http://yes.test/debian\nSuites: trixie trixie-backports\nComponents: main\n',
    'sources.list.d/vendor.list':
      'deb https://vendor.test/linux/debian trixie stable\ndeb https://vendor.test/apt trixie-thing main\n',
    'sources.list.d/old.list.disabled': 'deb http://disabled.test/debian trixie main\n',
  });
  expect(found).toEqual(['deb http://yes.test/debian trixie main']);
});

it('says nothing where there is none', () => {
  expect(sources('trixie', {})).toEqual([]);
});
