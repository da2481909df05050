// A checkout of a few lines, for the tests of build/rules.
import type { Tree } from '../../../build/rules/tree.ts';

/** A tree of these files. */
export const treeOf = (files: Readonly<Record<string, string>>): Tree => new Map(Object.entries(files));
