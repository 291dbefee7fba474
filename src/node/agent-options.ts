/** What the node agent is made of, and how much of the machine it may use. */

import { availableParallelism, totalmem } from 'node:os';
import type { Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import type { KubeObject } from '../resources/meta.ts';
import type { DiskProvider } from './disk/disk.ts';
import type { RunCommand } from './host/run-command.ts';
import type { Image } from './images/image.ts';
import type { Images } from './images/node-images.ts';
import type { LogCompressorOptions } from './logs/log-compressor.ts';
import type { LogStore } from './logs/log-store.ts';
import type { NetworkProvider } from './network/network.ts';
import type { Defaults } from './pods/plan/resources.ts';
import type { RootfsProvider } from './rootfs/rootfs.ts';
import { type AdmissionLimits, usableMemory } from './scheduling/admission.ts';

export interface NodeAgentOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly dataDir: string;
  readonly runDir: string;
  /** Marks everything that is made on the machine. */
  readonly instance: string;
  /** Paths of the helper programs, as `findPrograms` gives them. */
  readonly programs: { readonly runtime: string; readonly conmon: string; readonly init: string };
  /** Runs the machine's programs. */
  readonly run: RunCommand;
  readonly network: NetworkProvider;
  readonly disk: DiskProvider;
  readonly images: Images;
  readonly logs: LogStore;
  /** Whether the log of a deleted object is still needed; whoever says so removes it. */
  readonly keepsLog?: (object: KubeObject) => Promise<boolean>;
  /** When logs that nobody writes any more are left as they are. Default: never. */
  readonly logsInUse?: Pick<LogCompressorOptions, 'isNeeded' | 'isHeld'>;
  readonly rootfsOf: (image: Image) => RootfsProvider;
  /** Resolves when everything that was written so far is on disk. */
  readonly barrier: () => Promise<void>;
  readonly limits?: Partial<NodeLimits>;
  /** Directories of the host that may become volumes. Default: none. */
  readonly allowedHostPaths?: () => Promise<readonly string[]>;
  /** Default: the machine's name. */
  readonly nodeName?: string;
  /** Default: the kernel's. */
  readonly bootId?: string;
  readonly onError?: (message: string, error: unknown) => void;
}

export interface NodeLimits {
  /** Bytes of memory for all Pods. Default: physical less max(512 MiB, 10 %). */
  readonly memoryBytes: number;
  /** Pods that run at a time. Default: 4 per core. */
  readonly maxTasks: number;
  /** Containers being started at a time. Default: 2 per core. */
  readonly maxStarting: number;
  readonly defaults: Defaults;
  /** Bytes that a container may return in files, where its Pod says nothing. Default 4096. */
  readonly resultBytes: number;
  /** Bytes free on the disk below which the largest writer is stopped. Default: a quarter of 5 %, at least 256 MiB. */
  readonly pressureBytes: number;
}

/** What all Pods together may have of this machine. */
export const roomWithin = (limits: Partial<NodeLimits>): AdmissionLimits => ({
  memoryBytes: limits.memoryBytes ?? usableMemory(totalmem()),
  maxPods: limits.maxTasks ?? 4 * availableParallelism(),
});
