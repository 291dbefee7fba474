/** What the API asks of the node, also while that is not up. */

import type { Containers } from '../client/containers.ts';
import type { DiskSpace } from '../client/disk.ts';
import type { FileSource } from '../client/files.ts';
import type { UsageSource } from '../client/usage.ts';
import type { NodeAgent } from '../node/agent.ts';
import { statusError } from '../resources/status.ts';
import type { BundleImages } from '../tekton/resolvers/bundle-images.ts';
import { bundleImages } from './bundle-images.ts';
import type { NodeParts } from './node-parts.ts';

export interface NodeApi {
  readonly files: FileSource;
  readonly containers: Containers;
  readonly disk: DiskSpace;
  readonly usage: UsageSource;
  /** Bundles are images. */
  readonly bundles: BundleImages;
}

/**
 * Who comes before the node is up gets 503; commands and questions about the disk wait for the first try.
 * @param tried resolves once the node has come up, or could not, for the first time
 */
export const nodeApi = (parts: NodeParts, tried: Promise<void>): NodeApi => ({
  files: {
    read(query) {
      return agentOf(parts).files.read(query);
    },
  },
  // Who has just started the server should not hear that its node is still coming up.
  containers: {
    async prepareExec(request) {
      await tried;
      return agentOf(parts).containers.prepareExec(request);
    },
    async connect(pod, port) {
      await tried;
      return agentOf(parts).containers.connect(pod, port);
    },
  },
  disk: {
    async report() {
      await tried;
      return diskSpaceOf(parts).report();
    },
    async prune(what) {
      await tried;
      return diskSpaceOf(parts).prune(what);
    },
  },
  usage: {
    async ofPod(pod) {
      await tried;
      return agentOf(parts).usage.ofPod(pod);
    },
    async ofMachine() {
      await tried;
      return agentOf(parts).usage.ofMachine();
    },
  },
  bundles: bundleImages({
    parts: () => {
      const { images, agent } = parts;
      return images === undefined || agent === undefined ? undefined : { images: images.all, storage: images.storage };
    },
  }),
});

function agentOf({ agent }: NodeParts): NodeAgent {
  if (agent === undefined) throw notUp();
  return agent;
}

function diskSpaceOf({ diskSpace }: NodeParts): DiskSpace {
  if (diskSpace === undefined) throw notUp();
  return diskSpace;
}

const notUp = () => statusError('ServiceUnavailable', 'the node is not up yet, see kf doctor');
