/** What every part of the node agent works with; made once by createNodeAgent. */

import type { Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import type { Semaphore } from '../client/semaphore.ts';
import type { Cgroups } from './cgroup/cgroup.ts';
import type { DiskProvider } from './disk/disk.ts';
import type { RunCommand } from './host/run-command.ts';
import type { Image } from './images/image.ts';
import type { Images } from './images/node-images.ts';
import type { Layout } from './layout.ts';
import type { NetworkProvider } from './network/network.ts';
import type { PodPolicies } from './network/pod-policies.ts';
import type { Defaults } from './pods/plan/resources.ts';
import type { RootfsProvider } from './rootfs/rootfs.ts';
import type { Starter } from './runtime/exec-fifo.ts';
import type { Launcher } from './runtime/launcher.ts';
import type { OciRlimit } from './runtime/oci.ts';
import type { OciRuntime } from './runtime/oci-runtime.ts';
import type { PodClaims } from './volumes/pod-claims.ts';

export interface NodeContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly layout: Layout;
  readonly nodeName: string;
  readonly bootId: string;
  readonly runtime: OciRuntime;
  /** Path of the program that becomes PID 1. */
  readonly init: string;
  readonly cgroups: Cgroups;
  readonly launcher: Launcher;
  readonly starter: Starter;
  /** Whether the kernel can limit swap together with memory. */
  readonly limitsSwap: boolean;
  readonly network: NetworkProvider;
  readonly policies: PodPolicies;
  readonly disk: DiskProvider;
  readonly images: Images;
  readonly rootfsOf: (image: Image) => RootfsProvider;
  readonly defaults: Defaults;
  /** Bytes that a container may return in files, where its Pod says nothing. */
  readonly resultBytes: number;
  /** Runs what looks into containers; it may take long, and holds nothing else up. */
  readonly probing: RunCommand;
  readonly rlimits: readonly OciRlimit[];
  /** Folders below which a Pod's hostPath may lie. */
  readonly hostPaths: readonly string[];
  readonly claims: PodClaims;
  /** Bounds how many containers are being started at a time. */
  readonly starting: Semaphore;
  /** Resolves when everything that was written so far is on disk. */
  readonly barrier: () => Promise<void>;
  /** Fires when the agent stops: nothing is begun any more, running containers stay. */
  readonly stopping: AbortSignal;
  readonly onError: (message: string, error: unknown) => void;
}
