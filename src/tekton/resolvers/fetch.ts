/** One GET, for what a resolver reads: bounded in size and time, following few redirects, to allowed hosts only. */

import { readFile } from 'node:fs/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { addressFor, pinned } from './hosts.ts';
import { longestResource, ResolverError } from './resolver.ts';

export interface Fetch {
  readonly url: string;
  readonly signal: AbortSignal;
  /** Hosts on this machine that may be connected to all the same. */
  readonly hosts: readonly string[];
  /** Goes to the URL's own origin only. */
  readonly authorization?: string;
  /** Bytes. Default: those of a resource. */
  readonly longest?: number;
}

const mostRedirects = 5;

/** @throws ResolverError */
export async function fetchBytes(fetch: Fetch): Promise<Buffer> {
  let url = new URL(fetch.url);
  const { origin } = url;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await get(url, fetch, url.origin === origin ? fetch.authorization : undefined);
    const { statusCode: status = 0, headers } = response;
    const moved = status >= 300 && status < 400 ? headers.location : undefined;
    if (moved === undefined) {
      if (status === 200) return bodyOf(response, fetch.longest ?? longestResource);
      response.destroy();
      const busy = status >= 500 || status === 429;
      throw new ResolverError(`requested URL '${fetch.url}' is not found (HTTP ${status})`, busy);
    }
    response.destroy();
    url = new URL(moved, url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new ResolverError(`requested URL '${fetch.url}' leads to ${url.protocol}, which is not http(s)`);
  }
  throw new ResolverError(`requested URL '${fetch.url}' leads on more than ${mostRedirects} times`);
}

async function get(url: URL, { signal, hosts }: Fetch, authorization: string | undefined): Promise<IncomingMessage> {
  const address = await addressFor(url, hosts);
  const ca = url.protocol === 'https:' ? await machinesCertificates() : undefined;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request: ClientRequest = send(
      url,
      {
        agent: false,
        lookup: pinned(address),
        ...(ca === undefined ? {} : { ca }),
        signal,
        headers: {
          'User-Agent': 'kf-tasks',
          'Accept-Encoding': 'identity',
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
      },
      resolve,
    );
    request.on('error', (error) => reject(faultOf(error)));
    request.end();
  });
}

/** What the machine trusts, a company's own authority too, as git and skopeo do. Undefined: what Node.js brings. */
const machinesCertificates = (): Promise<string | undefined> =>
  readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8').catch(() => undefined);

async function bodyOf(response: IncomingMessage, longest: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > longest) throw new ResolverError(`response body exceeds maximum allowed size of ${longest} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ResolverError ? error : faultOf(error as Error);
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks);
}

/** A certificate does not become valid by waiting. */
function faultOf(error: NodeJS.ErrnoException): ResolverError {
  const passing = /^(ECONN|EPIPE|EHOST|ENET|ETIMEDOUT|EAI_AGAIN|UND_)/.test(error.code ?? '');
  return new ResolverError(`error fetching URL: ${error.message || (error.code ?? error.name)}`, passing);
}
