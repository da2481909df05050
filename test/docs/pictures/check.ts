// Whether a picture of README.md still shows what the commands print: the same words in the same columns, whatever the numbers.
//
// Read next: demo.ts, svg.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PICTURES, recordScreens } from './demo.ts';
import { plainText, textOfPicture } from './svg.ts';

const ROOT = join(import.meta.dirname, '../../..');

export const pictureFile = (name: string): string => join(ROOT, 'docs/pictures', `${name}.svg`);

/** A screen without what differs each time: times, numbers, and the widths that follow from them. */
export const shapeOf = (text: string): string =>
  text
    .replace(/\d\d:\d\d:\d\d(\.\d+)?/g, 'TIME')
    .replace(/\b\d+(\.\d+)? ?(ms|s|min|m|h|d)\b( \d+ ?(s|m|h)\b)?/g, 'SPAN')
    .replace(/\d+(\.\d+)?/g, '0')
    .replace(/ {2,}/g, '  ')
    .trim();

const faultOf = (name: string, screen: string): readonly string[] => {
  const drawn = shapeOf(textOfPicture(readFileSync(pictureFile(name), 'utf8'))).split('\n');
  const now = shapeOf(plainText(screen)).split('\n');
  return Array.from(
    { length: Math.max(drawn.length, now.length) },
    (_, at) => [drawn[at] ?? '', now[at] ?? ''] as const,
  )
    .filter(([one, other]) => one !== other)
    .map(([one, other]) => `docs/pictures/${name}.svg: expected '${other}', the picture has '${one}' (make pictures)`);
};

/** What the pictures show and the commands do not print today, or the other way round. */
export const pictureFaults = async (checkout: string): Promise<readonly string[]> => {
  const screens = await recordScreens(checkout);
  return PICTURES.flatMap(({ name }) => faultOf(name, screens.get(name) ?? ''));
};
