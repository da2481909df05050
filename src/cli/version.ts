// Which version this is. The build puts the two names in (esbuild's define); a checkout run as it lies has the defaults.
declare const RUNITBOX_VERSION: string;
declare const RUNITBOX_ID: string;

/** As in package.json. */
export const VERSION = typeof RUNITBOX_VERSION === 'string' ? RUNITBOX_VERSION : '0.1.0';

const ID = typeof RUNITBOX_ID === 'string' ? RUNITBOX_ID : '72756e6974626f782d302e312e3000000000000a';

/** What -V prints: 40 hexadecimal digits, as the classic programs do. */
export const ID_LINE = `$Id: ${ID} $\n`;
