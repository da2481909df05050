// `sv watch`: events of services as they happen, one a line.
//
// Promises: ends with 0 at INT, TERM and HUP, and when nobody reads any more. Read next: ../../client/watch.ts.
import { SIGHUP, SIGINT, SIGPIPE, SIGTERM } from '../../abi/signals.ts';
import { POLLIN } from '../../abi/flags.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { out, visible } from '../../cli/say.ts';
import { eventText, timeOfDay } from '../../client/render-event.ts';
import { beginWatching, type Happening, waitForHappenings } from '../../client/watch.ts';
import { encodeJson, type Json } from '../../formats/json.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import type { Call } from './tool.ts';

const asText = (one: Happening): Bytes => `${timeOfDay(one.at)} ${visible(one.service)} ${eventText(one)}\n`;

/** Members come out of a file that the service's owner may write: none of them speaks for another service. */
const asJson = ({ service, at, event, members }: Happening): Bytes => {
  const recorded = members as { readonly [name: string]: Json };
  return `${encodeJson(Object.assign({ service, at, event }, recorded, { service }))}\n`;
};

export const runWatch = ({ given, operands }: Call): number => {
  const signals = sys.catchSignals([SIGHUP, SIGINT, SIGPIPE, SIGTERM]);
  if (isErrno(signals)) return 1;
  const text = given.count('json') > 0 ? asJson : asText;
  let ends = false;
  const end = (): void => {
    ends = true;
  };
  const watches = [{ fd: signals, events: POLLIN, ready: end }];
  const { watching, first } = beginWatching(operands);
  let happenings = first;
  while (!ends && (happenings.length === 0 || out(happenings.map(text).join('')))) {
    happenings = waitForHappenings(watching, watches, null);
  }
  return 0;
};
