// A terminal's screen as SVG: text with ANSI colours, as `tmux capture-pane -e` prints it.
//
// Promises: pure. Characters stand in the columns of the terminal whatever font there is; colours follow the reader's light or dark
// scheme, and no script or font is loaded. <desc> has the plain text, for screen readers and for check.ts.
// Read next: demo.ts (what is recorded).

const CELL = { width: 8.4, height: 19 } as const;
const MARGIN = 16;
const BASELINE = 14;

/** Characters that look the same. */
interface Run {
  readonly column: number;
  readonly text: string;
  /** Names of classes, as below. */
  readonly look: readonly string[];
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
const FOREGROUND = 30;
const BRIGHT = 90;

interface Look {
  readonly colour: string | null;
  readonly marks: ReadonlySet<string>;
}

const PLAIN: Look = { colour: null, marks: new Set() };
const MARKS: Readonly<Record<number, string>> = { 1: 'bold', 2: 'dim', 4: 'underline', 7: 'reverse' };
/** The code that ends a mark; 22 ends two. */
const ENDS: Readonly<Record<number, readonly string[]>> = { 22: ['bold', 'dim'], 24: ['underline'], 27: ['reverse'] };

const changed = (look: Look, code: number): Look => {
  const mark = MARKS[code];
  const colour = COLOURS[code - FOREGROUND] ?? COLOURS[code - BRIGHT];
  if (code === 0) return PLAIN;
  if (mark !== undefined) return { ...look, marks: new Set([...look.marks, mark]) };
  if (code in ENDS) return { ...look, marks: new Set([...look.marks].filter((one) => !ENDS[code]?.includes(one))) };
  if (code === FOREGROUND + 9) return { ...look, colour: null };
  return colour === undefined ? look : { ...look, colour };
};

const classesOf = ({ colour, marks }: Look): readonly string[] => [...marks, ...(colour === null ? [] : [colour])];

const SEQUENCE = /\x1b\[([\d;]*)m|\x1b[()][A-Z0-9]|[\x0e\x0f]/g;

/** The runs of each line. A look goes on in the next line. */
export const runsIn = (screen: string): readonly (readonly Run[])[] => {
  let look = PLAIN;
  return screen.split('\n').map((line) => {
    const runs: Run[] = [];
    let column = 0;
    const put = (text: string): void => {
      if (text !== '') runs.push({ column, text, look: classesOf(look) });
      column += [...text].length;
    };
    let from = 0;
    for (const match of line.matchAll(SEQUENCE)) {
      put(line.slice(from, match.index));
      from = match.index + match[0].length;
      const codes = match[1];
      if (codes !== undefined) look = codes.split(';').map(Number).reduce(changed, look);
    }
    put(line.slice(from));
    return runs;
  });
};

/** The screen without its looks. */
export const plainText = (screen: string): string => screen.replace(SEQUENCE, '').replace(/ +$/gm, '').trimEnd();

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const unescaped = (text: string): string => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

/** The plain text of a picture that was rendered here. */
export const textOfPicture = (svg: string): string => unescaped(/<desc>([\s\S]*?)<\/desc>/.exec(svg)?.[1] ?? '');

interface Scheme {
  readonly back: string;
  readonly edge: string;
  readonly text: string;
  readonly dim: string;
  readonly colours: Readonly<Record<string, string>>;
}

const LIGHT: Scheme = {
  back: '#ffffff',
  edge: '#d0d7de',
  text: '#1f2328',
  dim: '#59636e',
  colours: {
    red: '#cf222e',
    green: '#1a7f37',
    yellow: '#8a5d00',
    blue: '#0969da',
    magenta: '#8250df',
    cyan: '#1b7c83',
  },
};
const DARK: Scheme = {
  back: '#0d1117',
  edge: '#3d444d',
  text: '#e6edf3',
  dim: '#8b949e',
  colours: {
    red: '#ff7b72',
    green: '#3fb950',
    yellow: '#d29922',
    blue: '#58a6ff',
    magenta: '#bc8cff',
    cyan: '#39c5cf',
  },
};

// without var(), which not every viewer knows
const rulesOf = ({ back, edge, text, dim, colours }: Scheme): string =>
  [
    `.back{fill:${back};stroke:${edge}}`,
    `text,rect.reverse{fill:${text}}`,
    `.dim{fill:${dim}}`,
    ...Object.entries(colours).map(([name, colour]) => `.${name}{fill:${colour}}`),
    `text.reverse{fill:${back}}`,
  ].join('');

const STYLE = [
  'text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}',
  '.bold{font-weight:700}',
  '.underline{text-decoration:underline}',
  rulesOf(LIGHT),
  `@media (prefers-color-scheme:dark){${rulesOf(DARK)}}`,
].join('\n');

const size = (cells: number, cell: number): number => Math.round(cells * cell * 10) / 10;

interface Place {
  readonly x: number;
  readonly top: number;
  readonly length: number;
}

const placeOf = ({ column, text }: Run, line: number): Place => ({
  x: MARGIN + size(column, CELL.width),
  top: MARGIN + line * CELL.height,
  length: size([...text].length, CELL.width),
});

/** Each word by itself stands where the terminal has it, in a font of any width. */
const words = (run: Run): readonly Run[] =>
  [...run.text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: text, index }) => ({
    ...run,
    column: run.column + [...run.text.slice(0, index)].length,
    text,
  }));

const wordSvg = (word: Run, line: number): string => {
  const { x, top, length } = placeOf(word, line);
  const looks = word.look.length === 0 ? '' : ` class="${word.look.join(' ')}"`;
  return `<text x="${x}" y="${top + BASELINE}" textLength="${length}"${looks}>${escaped(word.text)}</text>`;
};

const runSvg = (run: Run, line: number): readonly string[] => {
  const { x, top, length } = placeOf(run, line);
  const back = `<rect class="reverse" x="${x}" y="${top}" width="${length}" height="${CELL.height}"/>`;
  return [...(run.look.includes('reverse') ? [back] : []), ...words(run).map((word) => wordSvg(word, line))];
};

/** A picture of the screen, `columns` wide, with an accessible name. */
export const renderSvg = (name: string, screen: string, columns: number): string => {
  const text = plainText(screen);
  const lines = runsIn(screen).slice(0, text.split('\n').length);
  const width = 2 * MARGIN + Math.ceil(columns * CELL.width);
  const height = 2 * MARGIN + lines.length * CELL.height;
  const body = lines.flatMap((runs, line) => runs.flatMap((run) => runSvg(run, line)));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(name)}</title>
<desc>${escaped(text)}</desc>
<style>
${STYLE}
</style>
<rect class="back" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${body.join('\n')}
</svg>
`;
};
