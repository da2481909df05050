// Datagram sockets in the abstract namespace: as much of a network as a supervisor has.
//
// Promises: a name is taken until its last descriptor is closed; a message is told with who sent it. Read next: calls.ts.
import { EAGAIN } from '../../../src/abi/errno.ts';
import { O_NONBLOCK, POLLIN } from '../../../src/abi/flags.ts';
import { Description } from './descriptors.ts';
import type { World } from './world.ts';

type Message = readonly [text: string, pid: number, uid: number];

export class Datagrams extends Description {
  readonly name: string;
  readonly #world: World;
  readonly #queue: Message[] = [];

  /** `name` as the kernel has it: NUL in front. */
  constructor(world: World, name: string) {
    super(O_NONBLOCK, null);
    this.#world = world;
    this.name = name;
    world.sockets.set(name, this);
  }

  put(message: Message): void {
    this.#queue.push(message);
  }

  take(max: number): Message | number {
    const message = this.#queue.shift();
    return message === undefined ? -EAGAIN : [message[0].slice(0, max), message[1], message[2]];
  }

  override poll(): number {
    return this.#queue.length > 0 ? POLLIN : 0;
  }

  protected override released(): void {
    this.#world.sockets.delete(this.name);
  }
}

/** A message to the socket that a variable names, `@` in front. False: nobody listens. */
export const sendTo = (world: World, name: string, message: Message): boolean => {
  const socket = world.sockets.get(`\0${name.slice(1)}`);
  socket?.put(message);
  return socket !== undefined;
};
