// Entries of a tar archive (POSIX ustar and pax), owned by root, in the order that they are given.
//
// Promises: the same entry gives the same bytes. Read next: apk.ts, oci.ts.
export interface Entry {
  /** Relative; that of a directory ends with a slash. */
  readonly path: string;
  readonly mode: number;
  /** Seconds. */
  readonly epoch: number;
  readonly data?: Buffer;
  readonly link?: string;
  /** Further attributes, in a pax header of its own. */
  readonly records?: Readonly<Record<string, string>>;
}

const BLOCK = 512;
/** The end of an archive. */
export const END = Buffer.alloc(2 * BLOCK);

const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;

/** A long path is cut at a slash: what is before it goes to another field. */
const splitPath = (path: string): readonly [prefix: string, name: string] => {
  if (Buffer.byteLength(path) <= 100) return ['', path];
  const at = path.lastIndexOf('/', 155);
  if (at <= 0 || Buffer.byteLength(path) - at > 101) throw new Error(`${path}: expected a shorter path`);
  return [path.slice(0, at), path.slice(at + 1)];
};

const header = (type: string, { path, mode, epoch, link = '' }: Entry, size: number): Buffer => {
  if (Buffer.byteLength(link) > 100) throw new Error(`${path}: expected a shorter link, got ${link}`);
  const [prefix, name] = splitPath(path);
  const block = Buffer.alloc(BLOCK);
  const put = (text: string, at: number): void => void block.write(text, at, 'utf8');
  put(name, 0);
  put(octal(mode, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(size, 11), 124);
  put(octal(epoch, 11), 136);
  put(' '.repeat(8), 148);
  put(type, 156);
  put(link, 157);
  put('ustar\x0000root', 257);
  put('root', 297);
  put(prefix, 345);
  put(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  );
  return block;
};

const padded = (data: Buffer): Buffer => Buffer.concat([data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
const record = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const once = bytes + String(bytes).length;
  return `${bytes + String(once).length}${rest}`;
};

const part = (type: string, entry: Entry, data: Buffer): Buffer =>
  Buffer.concat([header(type, entry, data.length), padded(data)]);

const typeOf = ({ path, link }: Entry): string => (link !== undefined ? '2' : path.endsWith('/') ? '5' : '0');

export const tarEntry = (entry: Entry): Buffer => {
  const file = part(typeOf(entry), entry, entry.data ?? Buffer.alloc(0));
  if (entry.records === undefined) return file;
  const records = Object.entries(entry.records).map(([key, value]) => record(key, value));
  const pax = part('x', { path: entry.path, mode: entry.mode, epoch: entry.epoch }, Buffer.from(records.join('')));
  return Buffer.concat([pax, file]);
};
