/** What of the node has come up, and how it is taken down again, in the other order. */

import type { ImagePresence } from '../build/image-presence.ts';
import type { Client } from '../client/client.ts';
import type { RunningController } from '../client/controller.ts';
import type { DiskSpace } from '../client/disk.ts';
import type { NodeAgent } from '../node/agent.ts';
import { detectCgroups } from '../node/cgroup/cgroup.ts';
import type { BuildCaches } from '../node/disk/build-caches.ts';
import type { DiskProvider } from '../node/disk/disk.ts';
import type { CommandShells } from '../node/host/command-shells.ts';
import type { NetworkProvider } from '../node/network/network.ts';
import { Pod, podFinished } from '../resources/core/pod.ts';
import type { AllImages } from './create-images.ts';
import type { Collector } from './disk/collector.ts';
import type { DiskShare } from './disk/disk-share.ts';

export interface NodeParts {
  shells?: CommandShells;
  announcement?: { stop(): void };
  images?: AllImages;
  network?: NetworkProvider;
  disk?: DiskProvider;
  agent?: NodeAgent;
  builds?: RunningController;
  presence?: ImagePresence;
  collector?: Collector;
  caches?: BuildCaches;
  diskSpace?: DiskSpace;
  diskShare?: DiskShare;
}

/** Whatever of it fails: what comes after it must not be left running. Failures are told. */
export async function takeDown(
  parts: NodeParts,
  {
    client,
    instance,
    log,
  }: { readonly client: Client; readonly instance: string; readonly log: (message: string, error?: unknown) => void },
): Promise<void> {
  const step = async (name: string, work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      log(`taking down ${name}`, error);
    }
  };
  await step('the announcement of the stack', () => parts.announcement?.stop());
  await Promise.all([
    step('builds', () => parts.builds?.stop()),
    step('the watch of images', () => parts.presence?.stop()),
    step('the removal of what is unused', () => parts.collector?.stop()),
    step('the share of the disk', () => parts.diskShare?.stop()),
  ]);
  await step('the node agent', () => parts.agent?.stop());
  // Where that cannot be told nothing is taken away from under a task.
  const idle = await isIdle(client).catch(() => false);
  // Once no task is left the machine is as it was: no bridge, no rules, no cgroups.
  await Promise.all([
    step('the network', () => parts.network?.close({ all: idle })),
    step('disks', () => parts.disk?.close()),
  ]);
  if (idle) {
    await step('build caches', () => parts.caches?.suspend());
    await step('cgroups', () => detectCgroups({ instance }).removeAll());
  }
  await step('helper programs', () => parts.shells?.close());
  await step('images', () => parts.images?.close());
  for (const part of Object.keys(parts) as (keyof NodeParts)[]) delete parts[part];
}

/** Whether nothing runs that a stopped server would leave running. */
async function isIdle(client: Client): Promise<boolean> {
  const { items } = await client.list(Pod, { unfinishedOnly: true });
  return items.every((pod) => podFinished(pod) || !pod.spec.nodeName);
}
