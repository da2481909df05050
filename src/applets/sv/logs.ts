// `sv logs`: the end of the current log of services; several are merged by their stamps.
//
// Read next: ../../client/log-files.ts, ../../formats/log-stamp.ts.
import { err, out, visible } from '../../cli/say.ts';
import { currentLog, tailOf } from '../../client/log-files.ts';
import { newAsking, snapshotOf } from '../../client/snapshots.ts';
import { type Service, servicesNamed } from '../../client/service.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { wholeNumber } from '../../formats/decimal.ts';
import { mergeLines } from '../../formats/log-stamp.ts';
import { isTerminal } from './terminal.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

const LINES = 20;
const LINES_MOST = 100_000;
const USAGE_CODE = 100;

interface Line {
  readonly name: Bytes;
  readonly line: Bytes;
}

/** The lines of one service; null, and a line that says why, where there are none to be found. */
const linesOf = (service: Service, count: number): readonly Line[] | null => {
  const { main, log } = snapshotOf(service, newAsking(false));
  const path = currentLog(service.dir, log?.status.pid ?? 0);
  const name = visible(service.name);
  if (path !== null) return tailOf(path, count).lines.map((line) => ({ name, line }));
  if (main === null) err(`sv: ${name}: runsv not running, and no log/main/current or log/current\n`);
  else if (log === null) err(`sv: ${name}: has no log service\n`);
  else err(`sv: ${name}: its log goes to standard output\n`);
  return null;
};

export const runLogs = ({ given, operands }: Call): number => {
  const asked = given.last('n');
  const count = asked === undefined ? LINES : wholeNumber(asked, LINES_MOST);
  if (count === null) {
    err(`sv: -n: expected a number up to ${LINES_MOST}, got '${visible(asked ?? '')}'\n`);
    return USAGE_CODE;
  }
  const logs = servicesNamed(operands).map((service) => linesOf(service, count));
  const found = logs.filter((lines) => lines !== null);
  const merged = mergeLines(found);
  const text = isTerminal() ? visible : (line: Bytes): Bytes => line;
  const head = operands.length > 1 ? ({ name }: Line): Bytes => `${name}: ` : (): Bytes => '';
  out(
    merged
      .slice(Math.max(0, merged.length - count))
      .map((one) => `${head(one)}${text(one.line)}\n`)
      .join(''),
  );
  return Math.min(MOST_FAILURES, logs.length - found.length);
};
