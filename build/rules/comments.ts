// Comments and code, told apart. Strings are recognized, so that 'http://x' is no comment; regular expressions are not.

/** A comment of TypeScript or C, a string, or a template. */
const PIECES = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

const isComment = (piece: string): boolean => piece.startsWith('//') || piece.startsWith('/*');

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** The code alone: comments become blanks, so that every line stays where it was. */
export const codeOf = (text: string): string =>
  text.replace(PIECES, (piece) => (isComment(piece) ? blank(piece) : piece));

const hashComments = (text: string): string =>
  text
    .split('\n')
    .map((line) => (/^\s*#(?!!)/.test(line) ? line : ''))
    .join('\n');

/** The comments alone: code becomes blanks. Of files in the manner of the shell, lines that are a comment as a whole. */
export const commentsOf = (path: string, text: string): string => {
  if (!/\.(ts|c|h)$/.test(path)) return hashComments(text);
  let comments = '';
  let end = 0;
  for (const { 0: piece, index } of text.matchAll(PIECES)) {
    comments += blank(text.slice(end, index)) + (isComment(piece) ? piece : blank(piece));
    end = index + piece.length;
  }
  return comments + blank(text.slice(end));
};
