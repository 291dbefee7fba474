/** Resolvers and their controller over a Client, and what comes of a request. */

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '../../../src/client/client.ts';
import { type Clock, systemClock } from '../../../src/client/clock.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { ResolutionRequest } from '../../../src/resources/tekton/resolution-request.ts';
import { startResolutionController } from '../../../src/tekton/resolvers/resolution-controller.ts';
import type { Resolver } from '../../../src/tekton/resolvers/resolver.ts';
import type { ResolverSettings } from '../../../src/tekton/resolvers/settings.ts';

export const namespace = 'dev';

export const taskYaml = (name: string): string =>
  `apiVersion: tekton.dev/v1\nkind: Task\nmetadata:\n  name: ${name}\nspec:\n  steps:\n    - image: host\n      command: [echo, hi]\n`;

export const defaultSettings: ResolverSettings = {
  timeout: 60_000,
  hosts: [],
  namespaces: [],
  repositories: [],
  gitSize: 2 ** 28,
  artifactHub: 'https://artifacthub.example.com',
  tektonHub: '',
};

/** @param honest for the tests, while the controller's Client may lie */
export function startResolvers(
  { client, honest = client, clock = systemClock }: { client: Client; honest?: Client; clock?: Clock },
  resolvers: Readonly<Record<string, Resolver>>,
  settings: () => Promise<ResolverSettings> = async () => defaultSettings,
) {
  const controller = startResolutionController({ client, clock, resolvers, settings });
  let count = 0;
  return {
    controller,
    stop: () => controller.stop(),
    request: (type: string, params: Readonly<Record<string, string>>): Promise<ResolutionRequest> =>
      honest.create(ResolutionRequest, {
        metadata: { name: `r${++count}`, namespace, labels: { 'resolution.tekton.dev/type': type } },
        spec: { params: Object.entries(params).map(([name, value]) => ({ name, value })) },
      }),
    /** Once it is known. */
    async outcome({ metadata: { name } }: ResolutionRequest): Promise<Outcome> {
      const abort = new AbortController();
      const options = { namespace, fieldSelector: `metadata.name=${name}`, signal: abort.signal };
      for await (const { object } of honest.watch(ResolutionRequest, options)) {
        if (!isFinal(object)) continue;
        abort.abort();
        return outcomeOf(object);
      }
      throw new Error('the watch ended');
    },
    async resolve(type: string, params: Readonly<Record<string, string>>): Promise<Outcome> {
      return this.outcome(await this.request(type, params));
    },
  };
}

export interface Outcome {
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly text: string;
  readonly source: unknown;
  readonly annotations: Readonly<Record<string, string>>;
}

function outcomeOf(request: ResolutionRequest): Outcome {
  const { reason, message } = conditionOf(request, 'Succeeded')!;
  const { data = '', refSource, annotations = {} } = request.status ?? {};
  return { reason, message, text: Buffer.from(data, 'base64').toString(), source: refSource, annotations };
}

export interface WebServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

export async function serveWeb(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<WebServer> {
  const requests: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(request);
    handle(request, response);
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
