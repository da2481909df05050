// Makes alike what time makes different: stamps in lines, and names of rotated files.
//
// Promises: a mask is as long as what it covers, so that a file cut at an exact byte stays comparable. Stamps are found
// over the files of a directory in their order, because a cut may go through one.
const LABEL = /@[0-9a-f]{24}/g;
const DATE = /\d{4}-\d\d-\d\d[_T]\d\d:\d\d:\d\d\.\d{5}/g;
const VERSION = /\$Id: [0-9a-f]{40} \$/;
const NAME = /^@[0-9a-f]{24}\..$/;

/** Where the older files were pruned, the first one kept may begin within a stamp. */
const CUT_LABEL = /^[0-9a-f]{1,24}(?= )/;
const CUT_DATE = /^[-0-9_T:.]{1,24}(?= )/;

const cover = (found: string): string => found.replace(/[0-9a-f]/g, '?');

const coverDate = (found: string): string => found.replace(/\d/g, '?');

export const isRotated = (name: string): boolean => NAME.test(name);

/** In one text, without regard to its length: for messages. */
export const maskText = (text: string): string =>
  text.replace(LABEL, '@STAMP').replace(DATE, 'DATE').replace(VERSION, '$Id: VERSION $');

const coverCut = (text: string): string =>
  text.replace(CUT_LABEL, (found) => '?'.repeat(found.length)).replace(CUT_DATE, (found) => '?'.repeat(found.length));

/** The texts of files that follow one another, stamps covered. */
export const maskFiles = (texts: readonly string[], stamped: boolean): readonly string[] => {
  if (!stamped) return texts;
  const whole = coverCut(texts.join('').replace(LABEL, cover).replace(DATE, coverDate));
  let at = 0;
  return texts.map((text) => {
    const from = at;
    at += text.length;
    return whole.slice(from, at);
  });
};

/** Names as they are to be compared: those that svlogd made are numbered in their order. */
export const maskNames = (names: readonly string[], known: ReadonlySet<string>): readonly string[] => {
  let count = 0;
  return names.map((name) => (isRotated(name) && !known.has(name) ? `@${++count}${name.slice(25)}` : name));
};

/** The Unix time of a TAI64N label, seconds; NaN for anything else. */
export const timeOf = (label: string): number => {
  const match = /^@([0-9a-f]{16})([0-9a-f]{8})/.exec(label);
  if (match === null) return Number.NaN;
  const seconds = BigInt(`0x${match[1]}`) - 4611686018427387914n;
  return Number(seconds) + Number.parseInt(match[2] ?? '', 16) / 1e9;
};
