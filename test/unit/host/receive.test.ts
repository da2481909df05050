// The datagrams of sd_notify(3) as a real program sends them: with descriptors, which nobody here wants.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { AF_UNIX, SOCK_DGRAM } from '../../../src/abi/flags.ts';
import { isErrno } from '../../../src/host/calls.ts';
import { nodeHost } from '../../contract/node-host.ts';

const SEND = `
import os, socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.connect(chr(0) + sys.argv[1])
read, write = os.pipe()
socket.send_fds(one, [b"READY=1"], [])
socket.send_fds(one, [b"BARRIER=1"], [write] * 5)
os.close(write)
one.close()
# the other end is closed as soon as the message was received
print(os.getpid(), flush=True)
os.read(read, 1)
`;

const hasPython = spawnSync('python3', ['-c', 'import socket; socket.send_fds']).status === 0;

it.skipIf(!hasPython)('closes descriptors that come with a message, so that a barrier is passed', async () => {
  const host = nodeHost();
  const name = `runitbox-notify-${process.pid}`;
  const fd = host.socket(AF_UNIX, SOCK_DGRAM, `\0${name}`, 1);
  if (isErrno(fd)) throw new Error(`socket: ${fd}`);
  const child = spawn('python3', ['-c', SEND, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  const before = readdirSync('/proc/self/fd').length;
  const messages = [host.receive(fd, 4096), host.receive(fd, 4096)];
  const sender = [child.pid, host.geteuid()];
  expect(messages).toEqual([
    ['READY=1', ...sender],
    ['BARRIER=1', ...sender],
  ]);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
  // its read returns once nobody has the other end any more
  expect(await ended).toEqual([0, null]);
  host.close(fd);
});
