// `sv scale NAME@ N`: so many instances of a service are linked into the scan directory, NAME@1, NAME@2 and so on.
//
// Promises: instances are added with the lowest free numbers and removed from the highest number down, one after the other; the
// first that does not go ends the call. Directories in SVSRC stay, with their logs. A failure says what is left.
// Read next: instances.ts, link.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { lookup, type Service } from '../../client/service.ts';
import { wholeNumber } from '../../formats/decimal.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { makeInstance } from './instances.ts';
import { awaitAll, fail, linkOne, removeOne } from './link.ts';
import { isServiceName, sourceDirectory } from './source.ts';
import type { Call } from './tool.ts';

const USAGE_CODE = 100;
/** C's runsvdir refuses more than so many services. */
const MOST_INSTANCES = 1000;

const usage = (what: Bytes): number => {
  err(`sv: scale: ${what}\n`);
  return USAGE_CODE;
};

/** The numbers of the instances in the scan directory, from the lowest; a negative errno: it cannot be read. */
const numbersOf = (template: Bytes): readonly number[] | number => {
  const names = sys.readdir(lookup().dir);
  if (isErrno(names)) return names;
  return names
    .filter((name) => name.startsWith(template) && /^[1-9]\d{0,5}$/.test(name.slice(template.length)))
    .map((name) => Number(name.slice(template.length)))
    .sort((one, other) => one - other);
};

const freeNumbers = (taken: readonly number[], count: number): readonly number[] => {
  const free: number[] = [];
  for (let number = 1; free.length < count; number++) if (!taken.includes(number)) free.push(number);
  return free;
};

const addOne = (template: Bytes, name: Bytes): Service | null => {
  const isMade = !isErrno(sys.lstat(`${sourceDirectory()}/${name}`));
  const failed = isMade ? null : makeInstance(template, name, () => {});
  return failed === null ? linkOne('scale', name) : fail('scale', name, `${failed.path}: ${errorText(failed.errno)}`);
};

const add = (call: Call, template: Bytes, numbers: readonly number[]): void => {
  const added = numbers.map((number) => addOne(template, `${template}${number}`)).filter((one) => one !== null);
  awaitAll('scale', 'supervised', added, call);
};

const removeFrom = (call: Call, template: Bytes, numbers: readonly number[]): void => {
  for (const number of numbers) {
    const service = removeOne('scale', `${template}${number}`);
    if (service === null || awaitAll('scale', 'gone', [service], call) === 0) return;
  }
};

const countText = (count: number): Bytes => `${count} ${count === 1 ? 'instance' : 'instances'}`;

const report = (template: Bytes, wanted: number, left: readonly number[] | number): number => {
  const name = visible(template);
  if (typeof left !== 'number' && left.length === wanted) {
    out(`ok: ${name}: ${countText(wanted)}\n`);
    return 0;
  }
  const numbers = typeof left === 'number' ? [] : left;
  const names = numbers.map((number) => ` ${name}${number}`).join('');
  err(`sv: scale: ${name}: expected ${countText(wanted)}, got ${numbers.length}${names === '' ? '' : `:${names}`}\n`);
  return 1;
};

export const runScale = (call: Call): number => {
  const [template, text = '', ...more] = call.operands;
  if (!isServiceName(template) || !template.endsWith('@') || more.length > 0) {
    return usage(`expected a name that ends in '@' and a number, got '${visible(call.operands.join(' '))}'`);
  }
  const wanted = wholeNumber(text, MOST_INSTANCES);
  if (wanted === null) return usage(`expected a number up to ${MOST_INSTANCES}, got '${visible(text)}'`);
  const run = `${sourceDirectory()}/${template}/run`;
  const stat = sys.stat(run);
  if (isErrno(stat)) return Number(fail('scale', template, `${run}: ${errorText(stat)}`) ?? 1);
  const numbers = numbersOf(template);
  if (typeof numbers === 'number')
    return Number(fail('scale', template, `${lookup().dir}: ${errorText(numbers)}`) ?? 1);
  const surplus = numbers.length - wanted;
  if (surplus < 0) add(call, template, freeNumbers(numbers, -surplus));
  else removeFrom(call, template, [...numbers].reverse().slice(0, surplus));
  return report(template, wanted, numbersOf(template));
};
