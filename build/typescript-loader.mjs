// A loader for a Node.js that knows no TypeScript: esbuild takes the types away. Used by node.sh, read that first.
//
// Promises: a program sees what a newer Node.js gives it, import.meta.dirname included, which Node.js has from 20.11 on.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

export const load = async (url, context, next) => {
  if (!url.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const define = { 'import.meta.dirname': JSON.stringify(dirname(path)) };
  const { code } = await transform(await readFile(path, 'utf8'), { loader: 'ts', format: 'esm', target: 'node18', define });
  return { format: 'module', source: code, shortCircuit: true };
};
