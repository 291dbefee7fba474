/** The HTTPS server, and the same on a socket of this machine: who may ask, and which handler answers. */

import { once, setMaxListeners } from 'node:events';
import { rmSync } from 'node:fs';
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server as LocalServer,
  type RequestListener,
  ServerResponse,
} from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { settings } from '../../resources/server-config/settings.ts';
import { badRequest, StatusError, statusError } from '../../resources/status.ts';
import type { Caller } from '../api.ts';
import { isHookRequest } from '../hooks/hook-request.ts';
import { HookServer } from '../hooks/serve-hook.ts';
import type { Upgrade } from './exchange.ts';
import { checkOrigin } from './origin.ts';
import { parseRequest, type RequestInfo } from './request-info.ts';
import { sendError } from './respond.ts';
import { type Handler, isProbe, type RouterOptions, router } from './router.ts';
import { Tokens } from './tokens.ts';

interface ConnectionOptions {
  /** PEM. */
  readonly tls: { readonly cert: string; readonly key: string };
  /** Told of errors that are the server's own fault, beside the client's answer. */
  readonly onError?: (error: unknown, request: string) => void;
}

/** What answers requests. */
export interface ServiceOptions extends RouterOptions {
  /** Bearer tokens and whose they are. */
  readonly tokens: ReadonlyMap<string, Caller> | Tokens;
}

export interface HttpServer {
  /**
   * @param port 0: any free one; default 6786
   * @throws Error naming the port when it is taken
   */
  listen(port?: number): Promise<{ readonly url: string; readonly port: number }>;
  /**
   * Also takes connections without TLS at a Unix socket, which only its owner may use: a command is answered 10 ms
   * sooner. Another's socket of that name must be out of use.
   * @throws Error of the system, or for a path of more than 107 bytes
   */
  listenAt(path: string): Promise<void>;
  /** Answers requests from now on; until then they get 503. */
  serve(service: ServiceOptions): void;
  /**
   * Ends watches cleanly, breaks off followed logs, lets other requests finish for a second, then closes every
   * connection.
   */
  close(): Promise<void>;
}

const defaultPort = settings.port.default;

/** Milliseconds in which requests may come to their end when the server closes. */
const closingPatience = 1000;

/** A server that takes its port before there is anything to serve. */
export function openHttpServer(options: ConnectionOptions): HttpServer {
  const closing = new AbortController();
  // Every request listens.
  setMaxListeners(0, closing.signal);
  let answerRequest: Listener = (_, res) => sendError(res, statusError('ServiceUnavailable', 'the server is starting'));
  const answer: RequestListener = (req, res) => answerRequest(req, res);
  const upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer): void =>
    answerUpgrade(req, socket, head, { answer: answerRequest, closing: closing.signal });
  const limits = {
    keepAliveTimeout: 150_000,
    headersTimeout: 160_000,
    requestTimeout: 0,
    noDelay: true,
    // A command that is to run in a container stands in the URL.
    maxHeaderSize: 128 * 1024,
  };
  const server = createServer({ ...options.tls, ...limits }, answer);
  const local = createPlainServer(limits, answer);
  for (const one of [server, local]) {
    one.timeout = 0;
    one.on('upgrade', upgrade);
    // A connection that cannot be accepted (too many open files) must not take the server down.
    one.on('error', (error) => options.onError?.(error, 'accepting connections'));
  }
  return {
    listen: (port = defaultPort) => listen(server, port),
    listenAt: (path) => listenAt(local, path),
    serve: (service) => {
      answerRequest = listener(service, options.onError, closing.signal);
    },
    close: async () => {
      await Promise.all([close(server, closing), close(local, closing)]);
    },
  };
}

async function listen(server: Server, port: number): Promise<{ url: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(
      `port ${port} of 127.0.0.1 is taken by another program; choose another port, or 0 for any free one`,
    );
  });
  const { port: actual } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${actual}`, port: actual };
}

/** The mask holds for this turn only, in which the socket is made. */
async function listenAt(server: LocalServer, path: string): Promise<void> {
  // The kernel's limit; libuv would cut the rest off.
  if (Buffer.byteLength(path) > 107) throw new Error('the path is too long for a socket');
  rmSync(path, { force: true });
  const listening = once(server, 'listening');
  const mask = process.umask(0o177);
  server.listen(path);
  process.umask(mask);
  await listening;
}

async function close(server: Server | LocalServer, closing: AbortController): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  closing.abort();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), closingPatience).unref();
  await closed;
  clearTimeout(timer);
}

type Listener = (req: IncomingMessage, res: ServerResponse, upgrade?: Upgrade) => void;

/** Answers as any other request, but for a handler that takes the connection over. */
function answerUpgrade(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { answer, closing }: { readonly answer: Listener; readonly closing: AbortSignal },
): void {
  socket.on('error', () => {});
  const res = new ServerResponse(req);
  res.assignSocket(socket as Socket);
  // What would follow is no request that Node reads.
  res.shouldKeepAlive = false;
  res.once('finish', () => socket.end());
  // Node counts it with the server's connections, and closes it with none of them.
  const end = (): void => void setTimeout(() => socket.destroy(), closingPatience).unref();
  closing.addEventListener('abort', end, { once: true });
  socket.once('close', () => closing.removeEventListener('abort', end));
  // It would be taken for an empty one.
  if (hasBody(req)) {
    sendError(res, badRequest('a request that asks for another protocol (Upgrade) must have no body'));
    return;
  }
  answer(req, res, {
    head,
    take: () => {
      res.detachSocket(socket as Socket);
      return socket;
    },
  });
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

function listener(options: ServiceOptions, onError: ConnectionOptions['onError'], closing: AbortSignal): Listener {
  const handle = router(options);
  const tokens = options.tokens instanceof Tokens ? options.tokens : new Tokens(options.tokens);
  const hooks = new HookServer(options.api, (error) => onError?.(error, 'bodies of hooks'));
  return (req, res, upgrade) => {
    const gone = new AbortController();
    const end = (): void => gone.abort();
    closing.addEventListener('abort', end, { once: true });
    (upgrade === undefined ? res : req.socket).once('close', () => {
      closing.removeEventListener('abort', end);
      end();
    });
    if (closing.aborted) end();
    answer(req, res, { tokens, hooks, handle }, gone.signal, upgrade).catch((error) => {
      if (!(error instanceof StatusError) && !res.destroyed)
        onError?.(error, `${req.method} ${withoutToken(req.url ?? '')}`);
      sendError(res, error);
    });
  };
}

/** A hook's URL for the log: its token is a secret. */
const withoutToken = (url: string): string => (/^\/*hooks\//.test(url) ? '/hooks/…' : url);

interface Desks {
  readonly tokens: Tokens;
  readonly hooks: HookServer;
  readonly handle: Handler;
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  { tokens, hooks, handle }: Desks,
  signal: AbortSignal,
  upgrade: Upgrade | undefined,
): Promise<void> {
  res.setHeader('X-Content-Type-Options', 'nosniff');
  const info = parse(req.url ?? '/');
  // A hook has keys of its own, which no web page knows, and may be reached under any name, through a proxy.
  if (isHookRequest(info)) return hooks.serve(req, res, info);
  checkOrigin(req);
  // Health tells nothing that a port scan would not, and probes have no token.
  const caller = isProbe(info) ? anonymous : tokens.authenticate(req);
  await handle({ req, res, info, caller, signal, ...(upgrade === undefined ? {} : { upgrade }) });
}

function parse(url: string): RequestInfo {
  try {
    return parseRequest(url);
  } catch {
    throw badRequest('the path is not valid percent-encoding');
  }
}

const anonymous: Caller = { user: 'system:anonymous', groups: ['system:unauthenticated'] };
