// Fifos out of a store. Node has no call that makes one, and a process for each would hold up the cases beside.
//
// Promises: `takeFifo` renames a ready one into place; the store lives below `directory` and goes with it.
// Read next: steps.ts (fifo).
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';

const BATCH = 400;
const stores = new Map<string, string[]>();

function restock(directory: string): string[] {
  const store = mkdtempSync(join(directory, 'fifos-'));
  const paths = Array.from({ length: BATCH }, (_, index) => join(store, String(index)));
  execFileSync('mkfifo', paths);
  return paths;
}

/** Puts a fifo at `path`, on the file system of `directory`. */
export function takeFifo(directory: string, path: string, mode: number): void {
  const stock = stores.get(directory) ?? [];
  if (stock.length === 0) stock.push(...restock(directory));
  stores.set(directory, stock);
  renameSync(stock.pop() ?? '', path);
  chmodSync(path, mode);
}
