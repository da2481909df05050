// Ports, clients and servers for cases that talk over a network of one machine.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { bounded } from '../lib/wait.ts';

/** A port of 127.0.0.1 that nobody uses. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });

/** A connection that keeps what arrives. */
export class Client {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  text = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text) => {
      this.text += String(text);
    });
    // a reset is an end like any other
    socket.on('error', () => {});
    this.#closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  static to(where: number | string): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
      socket.on('error', reject);
      socket.on('connect', () => resolve(new Client(socket)));
    });
  }

  send(bytes: string): this {
    this.#socket.write(bytes, 'latin1');
    return this;
  }

  /** Takes no more of what arrives. */
  pause(): this {
    this.#socket.pause();
    return this;
  }

  leave(): void {
    this.#socket.destroy();
  }

  /** Everything that came until the server closed. */
  async rest(deadlineMs?: number): Promise<string> {
    await bounded('the server to close the connection', this.#closed, deadlineMs);
    return this.text;
  }
}

/** A server that answers each connection with `greet`, at a port of its own. */
export const serverAt = (
  greet: (socket: Socket) => void,
  where: number | string = 0,
): Promise<{ server: Server; port: number }> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      greet(socket);
    });
    server.on('error', reject);
    server.listen(typeof where === 'number' ? { port: where, host: '127.0.0.1' } : { path: where }, () => {
      const address = server.address();
      resolve({ server, port: address !== null && typeof address === 'object' ? address.port : 0 });
    });
  });
