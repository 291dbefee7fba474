/** The endpoint of the API: its port and socket, TLS, who is let in, and the files by which clients find it. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Caller } from '../apiserver/api.ts';
import { ensureToken, writeKubeconfig } from '../apiserver/http/kubeconfig.ts';
import { type HttpServer, openHttpServer, type ServiceOptions } from '../apiserver/http/server.ts';
import { ensureTls } from '../apiserver/http/tls.ts';
import { adminGroup, Tokens } from '../apiserver/http/tokens.ts';
import type { Client } from '../client/client.ts';
import { defaultSpace } from './default-objects.ts';
import { apiSocket, writeForGroup } from './members/group-access.ts';
import { MemberAccess } from './members/member-access.ts';

export interface ApiEndpointOptions {
  readonly dataDir: string;
  readonly version: string;
  readonly port: number;
  readonly log: (message: string, error?: unknown) => void;
}

const administrator: Caller = { user: 'admin', groups: [adminGroup, 'system:authenticated'] };

export interface ApiEndpoint {
  readonly url: string;
  /** Answers from now on, and tells where: `server.json` and the kubeconfigs. @param client makes the members' Spaces */
  serve(service: Omit<ServiceOptions, 'tokens' | 'version'>, client: Client): Promise<void>;
  close(): Promise<void>;
}

/** Takes the port. @throws Error naming it when it is taken */
export async function openApiEndpoint({ dataDir, version, log, port }: ApiEndpointOptions): Promise<ApiEndpoint> {
  await mkdir(dataDir, { recursive: true });
  const [tls, token] = await Promise.all([ensureTls(dataDir), ensureToken(join(dataDir, 'token'))]);
  const http = openHttpServer({ tls, onError: (error, request) => log(request, error) });
  const { url } = await http.listen(port);
  let access: MemberAccess | undefined;
  return {
    url,
    async serve(service, client) {
      const tokens = new Tokens(new Map([[token, administrator]]));
      http.serve({ ...service, version, tokens });
      // For programs that post to hooks.
      await writeFile(join(dataDir, 'ca.crt'), tls.ca);
      const kubeconfig = join(dataDir, 'kubeconfig');
      await writeKubeconfig(kubeconfig, { url, ca: tls.ca, token, namespace: defaultSpace });
      const socket = await listenLocally(http, join(dataDir, apiSocket), log);
      access = new MemberAccess({ dataDir, client, tokens, address: { url, ca: tls.ca }, log });
      await access.start();
      const info = { pid: process.pid, url, ...(socket === undefined ? {} : { socket }), kubeconfig, version, dataDir };
      await writeForGroup(join(dataDir, 'server.json'), `${JSON.stringify(info, undefined, 2)}\n`, access.gid);
    },
    async close() {
      await rm(join(dataDir, 'server.json'), { force: true });
      await access?.stop();
      await http.close();
    },
  };
}

/** The path; undefined where the data directory can hold no socket: every client then takes the port. */
async function listenLocally(
  http: HttpServer,
  path: string,
  log: ApiEndpointOptions['log'],
): Promise<string | undefined> {
  try {
    await http.listenAt(path);
    return path;
  } catch (error) {
    log(`commands take a little longer without ${path}`, error);
    return undefined;
  }
}
