// Which version this is: that of package.json, which the build puts in (esbuild's define). A checkout that runs as it lies is
// no version.
declare const RUNITBOX_VERSION: string;

const UNBUILT = '0.0.0';

export const VERSION = typeof RUNITBOX_VERSION === 'string' ? RUNITBOX_VERSION : UNBUILT;

const ID_BYTES = 20;

/** `runitbox-VERSION` as 40 hexadecimal digits, with a newline at the end. */
const idOf = (version: string): string => {
  const text = `runitbox-${version}`.slice(0, ID_BYTES - 1).padEnd(ID_BYTES - 1, '\0');
  return [...text, '\n'].map((char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('');
};

/** What -V prints: 40 hexadecimal digits, as the classic programs do. */
export const ID_LINE = `$Id: ${idOf(VERSION)} $\n`;
