// Writes hot.ld, the functions that usual runs need: node hot.ts MAP TRACE... > build/image/hot.ld
//
// MAP is the linker's (-Wl,-Map), each TRACE what valgrind's lackey tool says with --trace-mem=yes. `make hot` does it
// all. The list is committed: it need not be complete, and a name that no longer exists does no harm.
// Promises: the same traces give the same list: what most runs need first, then by name.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { touched } from './trace.ts';

interface Section {
  readonly name: string;
  readonly start: number;
  readonly size: number;
  readonly file: string;
}

const SECTION = /^ (\.(?:text|rodata)\S*)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S+)$/gm;

const sections = (map: string): readonly Section[] =>
  [...map.replace(/^( \.\S+)\n +/gm, '$1 ').matchAll(SECTION)]
    .map(([, name = '', start = '', size = '', file = '']) => ({
      name,
      start: Number.parseInt(start, 16),
      size: Number.parseInt(size, 16),
      file,
    }))
    .filter(({ size, start, name }) => size > 0 && start > 0 && !/\.(?:str|cst)\d/.test(name))
    .sort((a, b) => a.start - b.start);

const isHot = ({ start, size }: Section, addresses: readonly number[]): boolean => {
  let [low, high] = [0, addresses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((addresses[middle] ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return (addresses[low] ?? Number.POSITIVE_INFINITY) < start + size;
};

const pattern = ({ name, file }: Section): string => {
  const member = /libc\.a\((.*)\)$/.exec(file)?.[1];
  if (member !== undefined) return `*libc.a:${member}(${name})`;
  return name === '.text' ? `*${basename(file)}(${name})` : `*(${name})`;
};

const [map, ...traces] = process.argv.slice(2);
if (map === undefined || traces.length === 0) throw new Error('usage: hot.ts MAP TRACE...');
const all = sections(readFileSync(map, 'utf8'));
const uses = new Map<string, number>();
for (const trace of traces) {
  const addresses = touched(trace);
  const hot = new Set(all.filter((section) => isHot(section, addresses)).map(pattern));
  for (const each of hot) uses.set(each, (uses.get(each) ?? 0) + 1);
}
const byUse = ([one, m]: [string, number], [other, n]: [string, number]): number => n - m || (one < other ? -1 : 1);
const list = [...uses].sort(byUse).map(([each, n]) => `/* ${n} */ ${each}`);
process.stdout.write(`/* Made by hot.ts: see there. The number: how many of the runs use it. */\n${list.join('\n')}\n`);
