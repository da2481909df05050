// package.json has the version; where a copy cannot be avoided, it says the same.
import type { Rule } from './tree.ts';

const COPIES: Readonly<Record<string, RegExp>> = {
  Dockerfile: /^ARG VERSION=(.*)$/m,
  'package-lock.json': /^ {2}"version": "(.*)"/m,
};

export const version: Rule = (tree) => {
  const { version: expected } = JSON.parse(tree.get('package.json') ?? '{}') as { readonly version?: string };
  return Object.entries(COPIES).flatMap(([path, pattern]) => {
    const found = pattern.exec(tree.get(path) ?? '')?.[1];
    return found === expected ? [] : [`${path}: expected version ${expected}, as in package.json, got ${found}`];
  });
};
