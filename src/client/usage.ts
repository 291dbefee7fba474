/** What containers and the machine take right now: what the API server asks of the node; wired by embedded.ts. */

import type { Pod } from '../resources/core/pod.ts';

export interface ResourceUsage {
  /** Processor time since the beginning. */
  readonly cpuNanoseconds: number;
  /** The working set: what the kernel could not take away without swapping. */
  readonly memoryBytes: number;
}

export interface UsageSource {
  /** Of the Pod's containers that run, by name. */
  ofPod(pod: Pod): Promise<ReadonlyMap<string, ResourceUsage>>;
  ofMachine(): Promise<ResourceUsage>;
}
