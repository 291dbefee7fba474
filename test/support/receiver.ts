/** A real HTTP server that notes what is posted to it, and answers as it is told. */

import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of any shape
  readonly json: any;
}

/** Answers one request; called after the body has been read. */
export type Answering = (response: ServerResponse, received: Received) => void;

export const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answering =>
  (response) =>
    void response.writeHead(status, headers).end();

export class Receiver {
  readonly received: Received[] = [];
  /** What the next requests are answered with; afterwards 204. */
  readonly answers: Answering[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(private readonly server: Server) {}

  /** @param told of every request, before it is answered */
  static async start(port = 0, told: (received: Received) => void = () => {}): Promise<Receiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const one: Received = {
          headers: request.headers,
          text,
          get json() {
            return JSON.parse(text);
          },
        };
        receiver.received.push(one);
        told(one);
        (receiver.answers.shift() ?? answer(204))(response, one);
        for (const look of [...receiver.#waiting]) look();
      });
    });
    const receiver = new Receiver(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/notify`;
  }

  /** Those of one event. */
  of(event: string): readonly Received[] {
    return this.received.filter(({ json }) => json.data.event === event);
  }

  /** Resolves once so many of an event have come. */
  async until(event: string, count = 1): Promise<readonly Received[]> {
    while (this.of(event).length < count)
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
      });
    return this.of(event);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
