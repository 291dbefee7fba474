/** The one request that a probe or a hook of a container's life makes. */

import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Container, Probe } from '../../../resources/core/pod.ts';

export interface Asking {
  readonly container: Container;
  readonly podIP: string;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

/** The status of the answer. @throws Error when there is none */
export function httpGet(
  { path = '/', port, host, scheme = 'HTTP', httpHeaders = [] }: NonNullable<Probe['httpGet']>,
  { container, podIP, userAgent, signal }: Asking,
): Promise<number> {
  const send = scheme.toUpperCase() === 'HTTPS' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(
      {
        host: host || podIP,
        port: portOf(port, container),
        path: path.startsWith('/') ? path : `/${path}`,
        headers: { 'User-Agent': userAgent, Accept: '*/*', ...headersOf(httpHeaders), Connection: 'close' },
        signal,
        // As the kubelet: it asks whether somebody answers, not who.
        rejectUnauthorized: false,
      },
      (response) => {
        response.destroy();
        resolve(response.statusCode ?? 0);
      },
    );
    request.once('error', reject).end();
  });
}

const headersOf = (list: readonly { readonly name: string; readonly value?: string }[]): Record<string, string> =>
  Object.fromEntries(list.map(({ name, value = '' }) => [name, value]));

/** @throws Error for a name that is none of the container's ports */
export function portOf(port: number | string, { ports = [] }: Container): number {
  const number = /^\d+$/.test(String(port)) ? Number(port) : ports.find(({ name }) => name === port)?.containerPort;
  if (number === undefined) throw new Error(`no port ${port}`);
  return number;
}
