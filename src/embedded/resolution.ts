/** Wires the resolvers of what runs refer to. */

import type { Client } from '../client/client.ts';
import { systemClock } from '../client/clock.ts';
import type { RunningController } from '../client/controller.ts';
import { CommandShells } from '../node/host/command-shells.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';
import type { BundleImages } from '../tekton/resolvers/bundle-images.ts';
import { bundlesResolver } from '../tekton/resolvers/bundles-resolver.ts';
import { clusterResolver } from '../tekton/resolvers/cluster-resolver.ts';
import { gitResolver } from '../tekton/resolvers/git-resolver.ts';
import { httpResolver } from '../tekton/resolvers/http-resolver.ts';
import { hubResolver } from '../tekton/resolvers/hub-resolver.ts';
import { startResolutionController } from '../tekton/resolvers/resolution-controller.ts';
import type { ResolverSettings } from '../tekton/resolvers/settings.ts';
import { gitFolderPrefix, removeGitFolders } from './git-folders.ts';
import { loadServerConfig } from './server-config.ts';

/** Milliseconds. */
const longestProgram = 10 * 60_000;

export interface ResolutionOptions {
  readonly client: Client;
  readonly dataDir: string;
  /** Of the server's home. */
  readonly instance: string;
  readonly bundles: BundleImages;
  readonly log: (message: string, error?: unknown) => void;
}

export function startResolution({
  client,
  dataDir,
  instance,
  bundles,
  log,
}: ResolutionOptions): Pick<RunningController, 'stop'> {
  const swept = removeGitFolders(instance).catch((error: unknown) => log('removing what git left', error));
  const settings = async (): Promise<ResolverSettings> => {
    // Before git makes new ones.
    await swept;
    return resolverSettings(await loadServerConfig(dataDir));
  };
  // What a fetch takes must not keep the network's or the disks' programs waiting.
  const shells = new CommandShells({ size: 4, timeout: longestProgram });
  const { run } = shells;
  const controller = startResolutionController({
    client,
    clock: systemClock,
    onError: log,
    settings,
    resolvers: {
      bundles: bundlesResolver({ client, images: bundles }),
      cluster: clusterResolver({ client, settings }),
      git: gitResolver({ client, settings, run, folderPrefix: gitFolderPrefix(instance) }),
      http: httpResolver({ client, settings }),
      hub: hubResolver({ settings }),
    },
  });
  return {
    async stop() {
      await controller.stop();
      shells.close();
    },
  };
}

const resolverSettings = (config: ServerConfig): ResolverSettings => ({
  timeout: config['resolvers.timeout'],
  hosts: config['resolvers.hosts'],
  namespaces: config['resolvers.namespaces'],
  repositories: config['resolvers.repositories'],
  gitSize: config['resolvers.gitSize'],
  artifactHub: config['resolvers.artifactHub'],
  tektonHub: config['resolvers.tektonHub'] ?? '',
});
