/** One server: requests over kept-alive connections, errors as StatusError or ConnectionError. */

import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { type Status, StatusError, type StatusReason, statusCodes } from '../../resources/status.ts';
import { Semaphore } from '../semaphore.ts';
import type { ConnectionConfig } from './kubeconfig.ts';

/** The server could not be reached, or the connection broke before the answer was whole. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Node's code: ECONNREFUSED, ECONNRESET, CERT_… */
  readonly code: string | undefined;
  constructor(server: string, cause: NodeJS.ErrnoException) {
    super(`cannot reach the server ${server}: ${explain(cause)}`, { cause });
    this.code = cause.code;
  }
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'connection refused';
  if (error instanceof AggregateError) return (error.errors as Error[]).map(({ message }) => message).join(', ');
  return error.message;
}

interface RequestBody {
  readonly type?: string;
  /** Bytes or a stream of them. */
  readonly content: string | Buffer | AsyncIterable<Buffer>;
  /** Bytes; needed for a stream that announces its length. */
  readonly length?: number;
}

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: RequestBody;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

interface Transport {
  readonly request: typeof httpRequest;
  readonly agent: HttpAgent;
  readonly socketPath?: string;
}

function transportTo(config: ConnectionConfig): Transport {
  const { socket } = config;
  if (socket !== undefined || config.server.startsWith('http:'))
    return {
      request: httpRequest,
      agent: new HttpAgent({ keepAlive: true }),
      ...(socket === undefined ? {} : { socketPath: socket }),
    };
  const agent = new Agent({
    keepAlive: true,
    ca: config.ca,
    cert: config.clientCertificate,
    key: config.clientKey,
    rejectUnauthorized: !config.insecureSkipTlsVerify,
    servername: config.tlsServerName,
  });
  return { request: httpsRequest, agent };
}

/** Requests at once, streams apart: each has a connection of its own, and opening one costs more than most requests. */
const mostRequests = 32;

export class Connection {
  readonly #config: ConnectionConfig;
  readonly #base: URL;
  readonly #transport: Transport;
  readonly #limit = new Semaphore(mostRequests);
  readonly #headers: Readonly<Record<string, string | readonly string[]>>;

  constructor(config: ConnectionConfig, userAgent = 'kf') {
    this.#config = config;
    this.#base = new URL(config.server);
    this.#transport = transportTo(config);
    // What anybody on the way could read carries no credentials.
    const isOpen = this.#base.protocol === 'http:' && config.socket === undefined;
    this.#headers = { 'User-Agent': userAgent, ...(isOpen ? {} : credentials(config)), ...impersonation(config) };
  }

  /** The base address. */
  get server(): string {
    return this.#config.server;
  }

  /** @throws StatusError for an answer that is an error; ConnectionError */
  async json<T>(req: Request): Promise<T> {
    const { response, bytes } = await this.#limit.run(() => this.#whole(req));
    const text = bytes.toString();
    try {
      return (text === '' ? undefined : JSON.parse(text)) as T;
    } catch {
      throw unexpected(response, text);
    }
  }

  /** The answer as it arrives; the caller reads or destroys it. @throws StatusError, ConnectionError */
  async stream(req: Request): Promise<IncomingMessage> {
    const response = await this.#send(req);
    if (isSuccess(response)) return response;
    throw statusOf(response, await this.#read(response));
  }

  async #whole(req: Request): Promise<{ response: IncomingMessage; bytes: Buffer }> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.#send(req);
      const bytes = await this.#read(response);
      if (isSuccess(response)) return { response, bytes };
      const wait = retryAfter(response);
      const again = wait !== undefined && attempt < 10 && !(typeof req.body?.content === 'object');
      if (!again) throw statusOf(response, bytes);
      await delay(wait, req.signal);
    }
  }

  /** Sends, and once more when a kept-alive connection turns out to be closed and nothing can have happened. */
  async #send(req: Request): Promise<IncomingMessage> {
    try {
      return await this.#once(req);
    } catch (error) {
      const { code, reused } = error as NodeJS.ErrnoException & { reused?: boolean };
      const safe = req.method === 'GET' || req.method === 'HEAD';
      if (safe && reused && code === 'ECONNRESET') return await this.#once(req);
      throw error;
    }
  }

  #once({ method, path, body, accept = 'application/json', signal }: Request): Promise<IncomingMessage> {
    const { request, ...way } = this.#transport;
    const { hostname, port, pathname } = this.#base;
    const options: RequestOptions = {
      method,
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      path: pathname.replace(/\/$/, '') + path,
      ...way,
      signal,
      headers: { Accept: accept, ...this.#headers, ...bodyHeaders(body) } as RequestOptions['headers'],
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(options, resolve);
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        reject(
          signal?.aborted
            ? (signal.reason ?? error)
            : Object.assign(new ConnectionError(this.server, error), { reused: outgoing.reusedSocket }),
        ),
      );
      const content = body?.content;
      if (content === undefined || typeof content === 'string' || Buffer.isBuffer(content)) outgoing.end(content);
      else
        pump(content, outgoing).catch((error) => {
          outgoing.destroy();
          reject(error);
        });
    });
  }

  async #read(response: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    // By events: the first `for await` over a stream costs a command five milliseconds.
    return new Promise((resolve, reject) => {
      response
        .on('data', (chunk: Buffer) => void chunks.push(chunk))
        .on('end', () => resolve(Buffer.concat(chunks)))
        .on('error', (error) => reject(this.broken(error)))
        .on('close', () => reject(this.broken(new Error('the answer ended too early'))));
    });
  }

  /** The exception for an answer that ended before it was whole. */
  broken(cause: unknown): ConnectionError {
    return new ConnectionError(this.server, cause as NodeJS.ErrnoException);
  }

  /** Closes every connection; watches end. */
  close(): void {
    this.#transport.agent.destroy();
  }
}

function credentials({ token, username, password }: ConnectionConfig): Record<string, string> {
  if (token !== undefined) return { Authorization: `Bearer ${token}` };
  if (username === undefined) return {};
  return { Authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}

function impersonation({
  impersonate,
  impersonateGroups,
}: ConnectionConfig): Record<string, string | readonly string[]> {
  if (impersonate === undefined) return {};
  return { 'Impersonate-User': impersonate, ...(impersonateGroups ? { 'Impersonate-Group': impersonateGroups } : {}) };
}

function bodyHeaders(body: RequestBody | undefined): Record<string, string | number> {
  if (body === undefined) return {};
  const { type, content, length } = body;
  const size =
    typeof content === 'string' ? Buffer.byteLength(content) : Buffer.isBuffer(content) ? content.length : length;
  return {
    ...(type === undefined ? {} : { 'Content-Type': type }),
    ...(size === undefined ? {} : { 'Content-Length': size }),
  };
}

/** Copies a stream into a request, no faster than the server takes it; stops when the server has answered. */
async function pump(content: AsyncIterable<Buffer>, outgoing: ClientRequest): Promise<void> {
  for await (const chunk of content) {
    if (outgoing.destroyed) return;
    if (outgoing.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        outgoing.off('drain', done).off('close', done);
        resolve();
      };
      outgoing.once('drain', done).once('close', done);
    });
  }
  outgoing.end();
}

const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

/** Milliseconds to wait before the same request is sent again; undefined: do not. */
function retryAfter({ statusCode, headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after']);
  return statusCode === 429 && seconds > 0 ? seconds * 1000 : undefined;
}

function delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

const reasonOf = (code: number): StatusReason =>
  (Object.entries(statusCodes).find(([, value]) => value === code)?.[0] ?? 'InternalError') as StatusReason;

/** The exception for an answer that is an error, whether or not its body is a Status. */
function statusOf(response: IncomingMessage, bytes: Buffer): StatusError {
  const text = bytes.toString();
  try {
    const body = JSON.parse(text) as Status;
    if (body?.kind === 'Status') return new StatusError({ ...body, code: body.code ?? response.statusCode });
  } catch {
    // Not JSON: a proxy's page, perhaps.
  }
  return unexpected(response, text);
}

function unexpected({ statusCode = 500 }: IncomingMessage, text: string): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: reasonOf(statusCode),
    message: `the server answered ${statusCode}${text === '' ? '' : `: ${text.trim().slice(0, 500)}`}`,
    code: statusCode,
  });
}
