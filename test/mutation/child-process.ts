// Programs that tests of src/machine ask (tsort), in place of node:child_process: each question is asked once, however many
// mutants the tests are played with.
import type { spawnSync as Ask } from 'node:child_process';

declare const globalThis: { __answers?: Map<string, unknown> };

const ask = process.getBuiltinModule('node:child_process').spawnSync;
globalThis.__answers ??= new Map();
const answers = globalThis.__answers;

export const spawnSync = ((program: string, options: object) => {
  const question = JSON.stringify([program, options]);
  if (!answers.has(question)) answers.set(question, ask(program, options));
  return answers.get(question);
}) as typeof Ask;
