// Mermaid reads some words as its own: an actor named so makes the whole picture an error where the page is shown.
import { describe, expect, it } from 'vitest';
import { blocksIn } from '../../docs/pages.ts';

const KEYWORDS: readonly string[] = 'loop alt else opt par and critical break rect note end activate box'.split(' ');

const blocks = [...blocksIn('').values()].flat().filter(({ language }) => language === 'mermaid');

it('there are pictures', () => expect(blocks.length).toBeGreaterThan(1));

describe.each(blocks)('the picture at $page:$line', ({ text }) => {
  it('is of a known kind', () => expect(text).toMatch(/^(flowchart TD|sequenceDiagram)\n/));

  it('names in its messages actors that are declared, and no keyword', () => {
    const actors = [...text.matchAll(/^ {2}participant (\w+) as /gm)].map(([, actor]) => actor);
    const used = [...text.matchAll(/^ {2}(\w+)--?>>(\w+):/gm)].flatMap(([, from, to]) => [from, to]);
    expect(used.filter((actor) => !actors.includes(actor))).toEqual([]);
    expect(actors.filter((actor) => KEYWORDS.includes(actor ?? ''))).toEqual([]);
  });
});
