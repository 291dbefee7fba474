/** A server on a free port over an API of its own, and raw requests to it, as clients that are not ours send them. */

import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceSink } from '../../../src/apiserver/api.ts';
import { openHttpServer } from '../../../src/apiserver/http/server.ts';
import { ensureTls, type ServerTls } from '../../../src/apiserver/http/tls.ts';
import type { LocalApi } from '../../../src/apiserver/local-api.ts';
import type { Containers } from '../../../src/client/containers.ts';
import { HttpClient } from '../../../src/client/http/http-client.ts';
import type { LogSource } from '../../../src/client/logs.ts';
import type { UsageSource } from '../../../src/client/usage.ts';
import { startLocalApi } from '../../support/local-api.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of any shape
  readonly json: any;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Default: the server's; null: none. */
  readonly token?: string | null;
}

export interface TestServer {
  readonly api: LocalApi;
  readonly url: string;
  /** Path of its Unix socket. */
  readonly socket: string;
  readonly ca: string;
  readonly token: string;
  readonly client: HttpClient;
  /** Errors that the server reported as its own fault. */
  readonly faults: readonly unknown[];
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  open(method: string, path: string, options?: RequestOptions): Promise<IncomingMessage>;
  close(): Promise<void>;
}

/** Made once for all tests of a file: keys take time. */
let certificates: Promise<ServerTls> | undefined;
export function tlsForTests(): Promise<ServerTls> {
  if (certificates === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'kf-tls-'));
    certificates = ensureTls(folder).finally(() => rmSync(folder, { recursive: true }));
  }
  return certificates;
}

const noLogs: LogSource = {
  async *read() {
    yield Buffer.from('hello\n');
  },
};

const noSources: SourceSink = {
  receive: async () => ({ image: 'source://x' }),
  has: async () => false,
};

const testToken = 'a-token-for-tests';

export async function startServer(
  options: {
    readonly logs?: LogSource;
    readonly containers?: Containers;
    readonly usage?: UsageSource;
    readonly sources?: SourceSink;
    readonly uploadPatience?: number;
    readonly store?: Parameters<typeof startLocalApi>[0];
  } = {},
): Promise<TestServer> {
  const { api, close: closeApi } = startLocalApi(options.store);
  const tls = await tlsForTests();
  const faults: unknown[] = [];
  const server = openHttpServer({ tls, onError: (error) => faults.push(error) });
  server.serve({
    api,
    logs: options.logs ?? noLogs,
    sources: options.sources ?? noSources,
    ...(options.containers === undefined ? {} : { containers: options.containers }),
    ...(options.usage === undefined ? {} : { usage: options.usage }),
    tokens: new Map([
      [testToken, { user: 'admin', groups: ['system:masters', 'system:authenticated'] }],
      ['a-token-of-bob', { user: 'bob', groups: ['system:authenticated'] }],
    ]),
    version: '0.1.0',
    uploadPatience: options.uploadPatience,
  });
  const { url } = await server.listen(0);
  const folder = mkdtempSync(join(tmpdir(), 'kf-socket-'));
  const socket = join(folder, 'api.sock');
  await server.listenAt(socket);
  const client = new HttpClient({ server: url, ca: tls.ca, token: testToken });
  const open = (method: string, path: string, { body, headers, token = testToken }: RequestOptions = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const content =
        body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const outgoing = request(
        url + path,
        {
          method,
          ca: tls.ca,
          agent: false,
          // Node would take the certificate's name from the Host header.
          servername: 'localhost',
          headers: {
            ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
            ...(content === undefined ? {} : { 'Content-Type': 'application/json' }),
            // Node sends the body of a DELETE without any length of its own accord.
            ...(method === 'DELETE' && content !== undefined
              ? { 'Content-Length': String(Buffer.byteLength(content)) }
              : {}),
            ...headers,
          },
        },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.end(content);
    });
  return {
    api,
    url,
    socket,
    ca: tls.ca,
    token: testToken,
    client,
    faults,
    open,
    async request(method, path, requestOptions) {
      const response = await open(method, path, requestOptions);
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        get json() {
          return JSON.parse(text);
        },
      };
    },
    async close() {
      client.close();
      await server.close();
      rmSync(folder, { recursive: true });
      await closeApi();
    },
  };
}

/** Events of a watch response, one by one. */
// biome-ignore lint/suspicious/noExplicitAny: objects of any kind
export async function* eventsOf(response: IncomingMessage): AsyncGenerator<{ type: string; object: any }> {
  let rest = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line);
  }
}

/** The next `count` events. */
export async function take<T>(events: AsyncGenerator<T>, count: number): Promise<readonly T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = await events.next();
    if (next.done) throw new Error(`the stream ended after ${taken.length} of ${count}`);
    taken.push(next.value);
  }
  return taken;
}
