// The rules of the project that no compiler holds. Run as `rules.ts`; one line for each breach, exit code 1 if there is any.
//
// To add one: a file in rules/, a row here, and a sample that breaks it in test/unit/build/rules.test.ts.
// Read next: rules/tree.ts (what a rule is), rules/rooms.ts (which room may import which).
import { deadExports } from './rules/exports.ts';
import { fileNames } from './rules/file-names.ts';
import { pageLinks } from './rules/page-links.ts';
import { promiseTitles } from './rules/promise-titles.ts';
import { picture } from './rules/picture.ts';
import { purity } from './rules/purity.ts';
import { importCycles, packageImports, roomImports, subjectImports } from './rules/room-imports.ts';
import { cLines, cSize, fileSizes } from './rules/sizes.ts';
import { type Rule, readTree } from './rules/tree.ts';
import { trustedFile } from './rules/trusted-file.ts';
import { version } from './rules/version.ts';
import { retiredWords } from './rules/words.ts';

const RULES: readonly Rule[] = [
  roomImports,
  subjectImports,
  packageImports,
  importCycles,
  purity,
  trustedFile,
  deadExports,
  fileSizes,
  cSize,
  fileNames,
  pageLinks,
  promiseTitles,
  retiredWords,
  picture,
  version,
];

const tree = readTree(`${import.meta.dirname}/..`);
const breaches = RULES.flatMap((rule) => rule(tree));
for (const breach of breaches) console.error(breach);
const sources = [...tree.keys()].filter((path) => /^src\/.*\.ts$/.test(path)).length;
console.log(
  `${sources} files of TypeScript, ${cLines(tree)} lines of C without comments: ` +
    `${RULES.length} rules, ${breaches.length} breaches`,
);
process.exit(breaches.length === 0 ? 0 : 1);
