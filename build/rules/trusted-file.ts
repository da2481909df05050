// Files in supervise/ may be anybody's (docs/security.md): effects reaches them through trusted-file.ts alone.
import { codeOf } from './comments.ts';
import { filesIn, type Rule } from './tree.ts';

/** These open or look at other things: /proc, /etc, the scan directory, a service's own directory: root's or the supervisor's. */
const MAY_OPEN: readonly string[] =
  `trusted-file container/checkpoint exec/accounts exec/apply exec/environment exec/identity init/checkpoint init/console
  init/perform init/stop-files process/find-program process/interpreter process/lock-holder process/proc process/std-fds scan/claim
  scan/descriptors scan/read-dir scan/rescan scan/residents scan/state scan/watch service/acquire service/checking service/log-pipe
  service/notification service/policy
  service/sight service/spawn service/supervise-dir
  service/survivor`.split(/\s+/);
/** lock locks the directory itself, and looks whether ./log is another one. */
const MAY_ALSO: Readonly<Record<string, RegExp>> = {
  'service/lock': /sys\.open\(`\$\{folder\}supervise`,|sys\.stat\(lock\.folder\)/g,
};
const BY_NAME = /\bsys\.(open|stat|lstat|access|chmod|mkfifo|link|symlink)\(/;
const IN_SUPERVISE = /\bsys\.\w+\([^;]*supervise\/(?!exitcode'\);)/;

export const trustedFile: Rule = (tree) =>
  filesIn(tree, /^src\/effects\/.*\.ts$/).flatMap(([path, text]) => {
    const name = path.slice('src/effects/'.length, -'.ts'.length);
    if (name === 'trusted-file') return [];
    const code = codeOf(text).replace(MAY_ALSO[name] ?? /$^/g, '');
    const isBreach =
      code.split('\n').some((line) => IN_SUPERVISE.test(line)) || (!MAY_OPEN.includes(name) && BY_NAME.test(code));
    return isBreach ? [`${path}: opens a file otherwise than by trusted-file.ts`] : [];
  });
