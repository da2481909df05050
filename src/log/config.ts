// A log directory's `config`: read, told of, and made into what the rest of this folder looks at.
//
// Promises: whatever stands there is a configuration; what is wrong in it is told in a line each. One that cannot be read does not make
// files go. Read first: ../formats/log-config.ts (what the lines say). Read next: directory.ts (when it is read).
import { DEFAULT_LOG_CONFIG, parseLogConfig } from '../formats/log-config.ts';
import { packRules } from '../formats/selection.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, refused } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { E2BIG, ELOOP, ENOENT } from '../abi/errno.ts';
import { sys } from '../host/sys.ts';
import { openConfig } from './door.ts';
import { type LogDir, NO_LIMIT } from './model.ts';

const CONFIG_BYTES_MOST = 1024 * 1024;
const READ_BYTES = 16_384;

const readAll = (fd: Fd): Bytes | Errno => {
  const parts: Bytes[] = [];
  for (let bytes = 0; bytes <= CONFIG_BYTES_MOST; ) {
    const part = sys.read(fd, READ_BYTES);
    if (refused(part)) return part;
    if (part === '') return parts.join('');
    parts.push(part);
    bytes += part.length;
  }
  return -E2BIG as Errno;
};

const cannotRead = (dir: LogDir, errno: Errno): void => {
  const { voice } = dir.settings;
  const path = `${dir.name}/config`;
  if (errno === -ELOOP) voice.warn(`unable to read config: ${path} is no regular file`);
  else if (errno === -E2BIG) voice.warn(`unable to read config: ${path} has more than ${CONFIG_BYTES_MOST} bytes`);
  else voice.warn(`unable to read config: ${path}`, errno);
};

const readConfig = (dir: LogDir): void => {
  const { voice } = dir.settings;
  dir.config = DEFAULT_LOG_CONFIG;
  const fd = openConfig();
  const text = refused(fd) ? fd : readAll(fd);
  if (!refused(fd)) sys.close(fd);
  if (text === -ENOENT) return;
  if (refused(text)) {
    cannotRead(dir, text);
    return;
  }
  voice.info(`read: ${dir.name}/config`);
  const { config, warnings, faults } = parseLogConfig(text);
  for (const warning of warnings) voice.warn(warning);
  for (const fault of faults) voice.warn(`${dir.name}/config: ${fault}`);
  dir.config = config;
};

/** Looks up whom files are given to. */
const findOwner = (dir: LogDir): void => {
  const { owner } = dir.config;
  dir.owner = owner === '' ? null : dir.settings.ownerNamed(owner);
  if (owner !== '' && dir.owner === null)
    dir.settings.voice.warn(`${dir.name}/config: unknown user or group: ${owner}`);
};

/** Reads `config`, and obeys it from now on. */
export const applyConfig = (dir: LogDir): void => {
  readConfig(dir);
  findOwner(dir);
  const { rules, alarmRules, ageSec, sizeBytes, prefix, udp } = dir.config;
  const { lineBytes, stampStyle } = dir.settings;
  // below the length of a line there is no such size
  dir.softBytes = sizeBytes === 0 || sizeBytes < lineBytes ? NO_LIMIT : sizeBytes - lineBytes;
  dir.easyBytes = sizeBytes === 0 ? NO_LIMIT : Math.min(dir.softBytes, sizeBytes);
  dir.rules = packRules('+', rules);
  dir.isPlain = dir.rules === '' && prefix === '' && stampStyle === 0 && udp?.only !== true;
  dir.alarmRules = alarmRules.length === 0 ? '' : packRules('-', alarmRules);
  dir.oldMs = ageSec === 0 ? null : monotonicMs() + ageSec * 1000;
};
