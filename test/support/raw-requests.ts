/** Requests to a running server as clients that are not ours send them, by its kubeconfig. */

import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';

export interface RawRequests {
  /** @returns the answer before its body is read */
  open(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<IncomingMessage>;
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

export function rawRequests(kubeconfig: string): RawRequests {
  return {
    open(method, path, headers = {}, body) {
      // Read anew: a server that was restarted may be at another port.
      const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
      const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
      return new Promise((resolve, reject) => {
        const outgoing = request(
          server + path,
          {
            method,
            ca: Buffer.from(ca, 'base64'),
            agent: false,
            headers: {
              Authorization: `Bearer ${users[0].user.token}`,
              ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
              ...headers,
            },
          },
          resolve,
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    },
  };
}
