/** Wires the resolvers of what runs refer to. */

import type { Client } from '../client/client.ts';
import { systemClock } from '../client/clock.ts';
import type { RunningController } from '../client/controller.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';
import { clusterResolver } from '../tekton/resolvers/cluster-resolver.ts';
import { httpResolver } from '../tekton/resolvers/http-resolver.ts';
import { hubResolver } from '../tekton/resolvers/hub-resolver.ts';
import { startResolutionController } from '../tekton/resolvers/resolution-controller.ts';
import type { ResolverSettings } from '../tekton/resolvers/settings.ts';
import { loadServerConfig } from './server-config.ts';

export interface ResolutionOptions {
  readonly client: Client;
  readonly dataDir: string;
  readonly log: (message: string, error?: unknown) => void;
}

export function startResolution({ client, dataDir, log }: ResolutionOptions): Pick<RunningController, 'stop'> {
  const settings = async (): Promise<ResolverSettings> => resolverSettings(await loadServerConfig(dataDir));
  return startResolutionController({
    client,
    clock: systemClock,
    onError: log,
    settings,
    resolvers: {
      cluster: clusterResolver({ client, settings }),
      http: httpResolver({ client, settings }),
      hub: hubResolver({ settings }),
    },
  });
}

export const resolverSettings = (config: ServerConfig): ResolverSettings => ({
  timeout: config['resolvers.timeout'],
  hosts: config['resolvers.hosts'],
  namespaces: config['resolvers.namespaces'],
  repositories: config['resolvers.repositories'],
  gitSize: config['resolvers.gitSize'],
  artifactHub: config['resolvers.artifactHub'],
  tektonHub: config['resolvers.tektonHub'] ?? '',
});
