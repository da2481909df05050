// `sv lint`: service directories checked before they are used.
//
// Read next: ../../client/lint/rules.ts.
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { readDirectory } from '../../client/lint/read.ts';
import { findings } from '../../client/lint/rules.ts';
import { servicesLike } from '../../client/snapshots.ts';
import { lookup, type Service, servicesNamed } from '../../client/service.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

/** Whether a service has findings that count. */
const fails = ({ name, dir }: Service, strict: boolean): boolean => {
  const found = findings(readDirectory(name, dir));
  out(found.map(({ level, what }) => `${visible(name)}: ${level}: ${visible(what)}\n`).join(''));
  return found.some(({ level }) => strict || level === 'error');
};

export const runLint = ({ given, operands }: Call): number => {
  const services = operands.length > 0 ? servicesNamed(operands) : servicesLike([]);
  if (typeof services === 'number') {
    err(`sv: unable to read ${visible(lookup().dir)}: ${errorText(services)}\n`);
    return 1;
  }
  const strict = given.count('strict') > 0;
  return Math.min(MOST_FAILURES, services.filter((service) => fails(service, strict)).length);
};
