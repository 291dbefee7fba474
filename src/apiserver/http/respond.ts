/** Writing answers: JSON bodies, Status bodies, warnings. */

import type { ServerResponse } from 'node:http';
import { errorMessage } from '../../resources/errors.ts';
import { type Status, StatusError, statusError } from '../../resources/status.ts';

export function sendBody(
  res: ServerResponse,
  code: number,
  type: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  res.writeHead(code, {
    'Content-Type': type,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-cache, private',
    ...headers,
  });
  res.end(bytes);
}

export const sendJson = (
  res: ServerResponse,
  code: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void => sendBody(res, code, 'application/json', JSON.stringify(body), headers);

export const sendText = (res: ServerResponse, code: number, text: string): void =>
  sendBody(res, code, 'text/plain; charset=utf-8', text);

/** The Status that answers an error; what is no StatusError is our own fault. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  const message = errorMessage(error);
  return statusError('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] }).status;
}

/** Answers with an error, or breaks the connection when an answer has begun already. */
export function sendError(res: ServerResponse, error: unknown): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const status = statusOf(error);
  const retry = status.details?.retryAfterSeconds;
  sendJson(res, status.code ?? 500, status, {
    ...(retry === undefined ? {} : { 'Retry-After': String(retry) }),
    ...(status.code === 401 ? { 'WWW-Authenticate': 'Bearer realm="kf"' } : {}),
  });
}

/** A `Warning` header's value; kubectl drops what is no valid quoted-string. */
export const warningHeader = (text: string): string =>
  `299 - "${text.replace(/[\\"]/g, '\\$&').replace(/[^\x20-\x7e]/g, '?')}"`;

/** The answer for a path that nothing serves. */
export const noSuchPath = (): StatusError =>
  statusError('NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (): StatusError =>
  statusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

/** Writes, and waits while the client is slower than we are. @throws when the client takes nothing for `patience` ms */
export async function writeSlowly(res: ServerResponse, chunk: string | Buffer, patience = 60_000): Promise<void> {
  if (res.destroyed || res.writableEnded) throw new Error('the client has gone');
  if (res.write(chunk)) return;
  await new Promise<void>((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      res.off('drain', done).off('close', gone);
      resolve();
    };
    const gone = (): void => {
      clearTimeout(timer);
      res.off('drain', done).off('close', gone);
      reject(new Error('the client has gone'));
    };
    const timer = setTimeout(() => res.destroy(), patience).unref();
    res.once('drain', done).once('close', gone);
  });
}
