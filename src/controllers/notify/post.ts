/** One POST: no redirects, no proxies, no connection kept, a bound on everything. */

import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { checkLiteral, guardedLookup } from '../../client/outgoing/addresses.ts';

interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Answer {
  readonly status: number;
  /** Milliseconds that the receiver asks us to wait. */
  readonly retryAfter?: number;
  /** Beginning of the body. */
  readonly text: string;
}

export type Poster = (post: Post) => Promise<Answer>;

/** Milliseconds from the beginning to the end of the answer. */
const patience = 10_000;
const longestText = 300;

/** @throws Error when there is no answer */
export const post: Poster = async ({ url, headers, body, signal, now }) => {
  const target = new URL(url);
  checkLiteral(target);
  const late = AbortSignal.timeout(patience);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const request: ClientRequest = send(
      target,
      {
        method: 'POST',
        agent: false,
        lookup: guardedLookup,
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
        headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
      },
      resolve,
    );
    request.on('error', (error) =>
      reject(late.aborted ? new Error(`no answer within ${patience / 1000} seconds`) : error),
    );
    request.end(body);
  });
  const text = await beginningOf(response);
  const retryAfter = retryAfterOf(response.headers['retry-after'], now());
  return { status: response.statusCode ?? 0, ...(retryAfter === undefined ? {} : { retryAfter }), text };
};

/** The status says what became of the post; a body that does not come to its end changes nothing. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= longestText) break;
    }
  } catch {
    // Cut short: what has come is enough.
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, longestText).toString().replace(/\s+/g, ' ').trim();
}

/** Seconds or a date, as HTTP has it. */
function retryAfterOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
