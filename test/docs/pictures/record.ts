// Records the pictures of README.md anew: `make pictures`. Wants root.
//
// Read next: demo.ts (what is recorded), svg.ts (how it is drawn).
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporary } from '../../lib/temporary.ts';
import { copyCheckout } from '../place.ts';
import { pictureFile } from './check.ts';
import { PICTURES, recordScreens } from './demo.ts';
import { renderSvg } from './svg.ts';

const checkout = makeTemporary('pictures');
try {
  copyCheckout(join(checkout, 'src'));
  const screens = await recordScreens(join(checkout, 'src'));
  for (const { name, command, columns } of PICTURES) {
    const file = pictureFile(name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, renderSvg(command, screens.get(name) ?? '', columns));
    console.log(file);
  }
} finally {
  rmSync(checkout, { recursive: true, force: true });
}
