// Reads a log directory's `config` and derives from it what the rest of this folder uses.
//
// Promises: any content is a valid configuration; each wrong line gets one warning. An unreadable `config` never causes
// old files to be deleted. Read first: ../formats/log-config.ts (the syntax). Read next: directory.ts (when it is read).
import { DEFAULT_LOG_CONFIG, parseLogConfig } from '../formats/log-config.ts';
import { packRules } from '../formats/selection.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { E2BIG, ELOOP, ENOENT } from '../abi/errno.ts';
import { sys } from '../host/sys.ts';
import { openConfig } from './log-files.ts';
import { type LogDir, NO_LIMIT } from './model.ts';

const MAX_CONFIG_BYTES = 1024 * 1024;
const READ_BYTES = 16_384;

const readAll = (fd: Fd): Bytes | Errno => {
  const parts: Bytes[] = [];
  for (let bytes = 0; bytes <= MAX_CONFIG_BYTES; ) {
    const part = sys.read(fd, READ_BYTES);
    if (isErrno(part)) return part;
    if (part === '') return parts.join('');
    parts.push(part);
    bytes += part.length;
  }
  return -E2BIG as Errno;
};

const readFailed = (dir: LogDir, errno: Errno): void => {
  const { diagnostics } = dir.settings;
  const path = `${dir.name}/config`;
  if (errno === -ELOOP) diagnostics.warn(`unable to read config: ${path} is not a regular file`);
  else if (errno === -E2BIG) diagnostics.warn(`unable to read config: ${path} has more than ${MAX_CONFIG_BYTES} bytes`);
  else diagnostics.warn(`unable to read config: ${path}`, errno);
};

const readConfig = (dir: LogDir): void => {
  const { diagnostics } = dir.settings;
  dir.config = DEFAULT_LOG_CONFIG;
  const fd = openConfig();
  const text = isErrno(fd) ? fd : readAll(fd);
  if (!isErrno(fd)) sys.close(fd);
  if (text === -ENOENT) return;
  if (isErrno(text)) {
    readFailed(dir, text);
    return;
  }
  diagnostics.info(`read: ${dir.name}/config`);
  const { config, warnings, faults } = parseLogConfig(text);
  for (const warning of warnings) diagnostics.warn(warning);
  for (const fault of faults) diagnostics.warn(`${dir.name}/config: ${fault}`);
  dir.config = config;
};

/** Looks up the user and group that get the files. */
const findOwner = (dir: LogDir): void => {
  const { owner } = dir.config;
  dir.owner = owner === '' ? null : dir.settings.lookUpOwner(owner);
  if (owner !== '' && dir.owner === null)
    dir.settings.diagnostics.warn(`${dir.name}/config: unknown user or group: ${owner}`);
};

/** Reads `config` and applies it. */
export const applyConfig = (dir: LogDir): void => {
  readConfig(dir);
  findOwner(dir);
  const { rules, alarmRules, ageSec, sizeBytes, prefix, udp } = dir.config;
  const { lineBytes, stampStyle } = dir.settings;
  // a size below the length of a line sets no such limit
  dir.rotateAtBytes = sizeBytes === 0 || sizeBytes < lineBytes ? NO_LIMIT : sizeBytes - lineBytes;
  dir.fastPathBytes = sizeBytes === 0 ? NO_LIMIT : Math.min(dir.rotateAtBytes, sizeBytes);
  dir.rules = packRules('+', rules);
  dir.isVerbatim = dir.rules === '' && prefix === '' && stampStyle === 0 && udp?.only !== true;
  dir.alarmRules = alarmRules.length === 0 ? '' : packRules('-', alarmRules);
  dir.rotateAtMs = ageSec === 0 ? null : monotonicMs() + ageSec * 1000;
};
