/**
 * Syslog (RFC 5424) over TCP, TLS (RFC 5425) and UDP (RFC 5426). The protocol knows no acknowledgement. Over TCP and TLS
 * each batch has a connection of its own: that the receiver closes it after its end says that it has read everything.
 * Datagrams may be lost.
 */

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6, type Socket } from 'node:net';
import { hostname } from 'node:os';
import type { LogRecord } from '../log-record.ts';
import type { SinkSecret, Transport } from '../transport.ts';
import { broken, confirmPatience, connect, within, write } from './socket.ts';
import { largestMessage, octetCounted, SyslogWriter } from './syslog-message.ts';

export interface SyslogOptions {
  readonly host: string;
  readonly port: number;
  /** Certificates. Absent: plain TCP. */
  readonly tls?: SinkSecret;
}

export class SyslogTransport implements Transport {
  readonly #options: SyslogOptions;
  #socket: Socket | undefined;

  constructor(options: SyslogOptions) {
    this.#options = options;
  }

  async probe(): Promise<void> {
    (await connect(this.#options)).destroy();
  }

  async send(records: readonly LogRecord[]): Promise<void> {
    const socket = await connect(this.#options);
    this.#socket = socket;
    try {
      // It must be read for its end to be seen.
      socket.resume();
      const writer = new SyslogWriter(hostname(), largestMessage.stream);
      const messages = records.flatMap((record) => writer.messages(record));
      await write(socket, Buffer.from(messages.map(octetCounted).join('')));
      await within(confirmPatience, 'the receiver did not close the connection', ended(socket));
    } finally {
      socket.destroy();
      this.#socket = undefined;
    }
  }

  close(): void {
    this.#socket?.destroy();
  }
}

/** Ends our side and waits for the other's. @throws Error when the connection breaks instead */
function ended(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(broken(socket));
    socket.once('close', (hadError) => (hadError ? reject(broken(socket)) : resolve()));
    // What a receiver closes before it has read our end may be lost.
    if (socket.readableEnded) reject(new Error('the receiver closed the connection too early'));
    else socket.end();
  });
}

export class SyslogUdpTransport implements Transport {
  readonly #options: SyslogOptions;
  #socket: Promise<UdpSocket> | undefined;

  constructor(options: SyslogOptions) {
    this.#options = options;
  }

  async probe(): Promise<void> {
    await this.#connected();
  }

  async send(records: readonly LogRecord[]): Promise<void> {
    const socket = await this.#connected();
    const writer = new SyslogWriter(hostname(), largestMessage.datagram);
    try {
      for (const record of records)
        for (const message of writer.messages(record))
          await new Promise<void>((resolve, reject) => {
            socket.send(message, (error) => (error === null ? resolve() : reject(error)));
          });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  #connected(): Promise<UdpSocket> {
    this.#socket ??= this.#open();
    const current = this.#socket;
    current.catch(() => {
      if (this.#socket === current) this.#socket = undefined;
    });
    return current;
  }

  async #open(): Promise<UdpSocket> {
    const { host, port } = this.#options;
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    // That nobody listens is told with the next datagram.
    socket.on('error', () => undefined);
    try {
      socket.connect(port, host);
      await once(socket, 'connect');
    } catch (error) {
      // It is tried again for as long as nobody knows the name.
      socket.close();
      throw error;
    }
    return socket;
  }
}
