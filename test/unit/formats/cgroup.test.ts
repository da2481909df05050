import { expect, it } from 'vitest';
import { oomKillsIn } from '../../../src/formats/cgroup.ts';

it.each([
  ['low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n', 2],
  ['oom_kill 7', 7],
  ['oom_kill many\n', 0],
  ['oom 3\n', 0],
  ['', 0],
])('%j has %d kills', (text, count) => {
  expect(oomKillsIn(text)).toBe(count);
});
