/**
 * Fluentd's forward protocol, version 1, with acknowledgements: Fluentd, Fluent Bit, Vector and others receive it.
 * Source: https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1
 */

import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { decodeMultiStream, Encoder, ExtData } from '@msgpack/msgpack';
import { fieldsOf, instantOf, type LogRecord } from '../log-record.ts';
import type { SinkSecret, Transport } from '../transport.ts';
import { answerHelo } from './fluentd-handshake.ts';
import { broken, confirmPatience, connect, within, write } from './socket.ts';

export interface FluentdOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** sharedKey, username and password of secure forward; certificates of TLS. */
  readonly secret: SinkSecret;
}

export class FluentdTransport implements Transport {
  readonly #options: FluentdOptions;
  readonly #encoder = new Encoder();
  #connection: Promise<Connection> | undefined;

  constructor(options: FluentdOptions) {
    this.#options = options;
  }

  async probe(): Promise<void> {
    await this.#connected();
  }

  async send(records: readonly LogRecord[]): Promise<void> {
    const connection = await this.#connected();
    try {
      const acks: Promise<void>[] = [];
      for (const [tag, group] of byTag(records)) {
        // Random, as the protocol has it; base64 of 16 bytes.
        const chunk = randomBytes(16).toString('base64');
        acks.push(connection.acknowledged(chunk));
        await write(connection.socket, this.#encoder.encode([tag, group.map(entryOf), { chunk, size: group.length }]));
      }
      await within(confirmPatience, 'no acknowledgement came', Promise.all(acks));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.then(
      ({ socket }) => socket.destroy(),
      () => undefined,
    );
  }

  #connected(): Promise<Connection> {
    this.#connection ??= Connection.open(this.#options).then((connection) => {
      connection.socket.once('close', () => {
        if (this.#connection === current) this.#connection = undefined;
      });
      return connection;
    });
    const current = this.#connection;
    current.catch(() => {
      if (this.#connection === current) this.#connection = undefined;
    });
    return current;
  }
}

class Connection {
  readonly #waiting = new Map<string, { resolve(): void; reject(error: Error): void }>();

  private constructor(readonly socket: Socket) {
    socket.once('close', () => {
      for (const { reject } of this.#waiting.values()) reject(broken(socket));
      this.#waiting.clear();
    });
  }

  static async open({ host, port, tls, secret }: FluentdOptions): Promise<Connection> {
    const socket = await connect({ host, port, ...(tls ? { tls: secret } : {}) });
    const connection = new Connection(socket);
    const answers = decodeMultiStream(socket)[Symbol.asyncIterator]();
    try {
      if (secret.sharedKey !== undefined) await answerHelo(socket, answers, secret);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    void connection.#listen(answers);
    return connection;
  }

  /** Resolves when the receiver has taken this chunk. */
  acknowledged(chunk: string): Promise<void> {
    const ack = new Promise<void>((resolve, reject) => this.#waiting.set(chunk, { resolve, reject }));
    // It may fail before anyone waits for it.
    ack.catch(() => undefined);
    return ack;
  }

  async #listen(answers: AsyncIterator<unknown>): Promise<void> {
    try {
      for (let next = await answers.next(); !next.done; next = await answers.next()) {
        if (Array.isArray(next.value) && next.value[0] === 'HELO')
          throw new Error('the receiver wants a shared key: the Secret needs the key sharedKey');
        const { ack } = (next.value ?? {}) as { readonly ack?: string };
        this.#waiting.get(ack ?? '')?.resolve();
        this.#waiting.delete(ack ?? '');
      }
      this.socket.destroy();
    } catch (error) {
      this.socket.destroy(error as Error);
    }
  }
}

/** `kf.SPACE.APP`: what Fluentd routes by. */
function byTag(records: readonly LogRecord[]): ReadonlyMap<string, LogRecord[]> {
  const groups = new Map<string, LogRecord[]>();
  for (const record of records) {
    const tag = `kf.${record.origin.space}.${record.origin.app}`;
    const group = groups.get(tag);
    if (group === undefined) groups.set(tag, [record]);
    else group.push(record);
  }
  return groups;
}

const entryOf = (record: LogRecord): readonly [ExtData, object] => [eventTime(record.time), fieldsOf(record)];

/** EventTime: extension type 0, seconds and nanoseconds as 32-bit numbers. */
function eventTime(time: string): ExtData {
  const { seconds, nanoseconds } = instantOf(time);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(seconds >>> 0, 0);
  bytes.writeUInt32BE(nanoseconds, 4);
  return new ExtData(0, bytes);
}
