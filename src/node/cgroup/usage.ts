/** Reads what a container has used from its cgroup's files. Everything absent stays undefined. */

import { field, fileV1, fileV2, numberOf, read } from './cgroup-file.ts';
import type { Hierarchies } from './hierarchies.ts';

export interface CgroupUsage {
  /** Absent where the kernel does not keep it (cgroup v2 before Linux 5.19) or the cgroup is gone. */
  readonly memoryPeakBytes?: number;
  readonly cpuMilliseconds?: number;
  /** Processes that the kernel killed because the container reached its own memory limit. */
  readonly oomKills?: number;
}

/** Kills count as the container's own only when it reached its limit: a machine without memory kills too. */
function ownKills(kills: number | undefined, limitReached: number | undefined): number | undefined {
  return kills !== undefined && limitReached === 0 ? 0 : kills;
}

/** Share of the limit, for a kernel that does not count refusals at the limit of memory with swap (Linux 6.18). */
const nearLimit = 0.9;

/** Refusals at the container's limit: as counted, else one when its peak came close. */
function limitReached(failures?: number, peak?: number, limit?: number): number | undefined {
  if (failures !== 0 || peak === undefined || limit === undefined) return failures;
  return peak >= nearLimit * limit ? 1 : 0;
}

/** `path` is relative to the hierarchies' roots. */
export function readUsageV1({ v1 }: Hierarchies, path: string): CgroupUsage {
  const file = fileV1(v1, path);
  const [peak, oom, failures, limit, cpu] = [
    read(file('memory', 'memory.max_usage_in_bytes')),
    read(file('memory', 'memory.oom_control')),
    read(file('memory', 'memory.failcnt')),
    read(file('memory', 'memory.limit_in_bytes')),
    read(file('cpuacct', 'cpuacct.usage')),
  ];
  const nanoseconds = numberOf(cpu);
  return {
    memoryPeakBytes: numberOf(peak),
    cpuMilliseconds: nanoseconds === undefined ? undefined : Math.round(nanoseconds / 1e6),
    oomKills: ownKills(field(oom, 'oom_kill'), limitReached(numberOf(failures), numberOf(peak), numberOf(limit))),
  };
}

/** `path` is relative to the unified hierarchy's root. */
export function readUsageV2({ unified }: Hierarchies, path: string): CgroupUsage {
  const file = fileV2(unified, path);
  const [peak, events, cpu] = [read(file('memory.peak')), read(file('memory.events')), read(file('cpu.stat'))];
  const microseconds = field(cpu, 'usage_usec');
  return {
    memoryPeakBytes: numberOf(peak),
    cpuMilliseconds: microseconds === undefined ? undefined : Math.round(microseconds / 1e3),
    oomKills: ownKills(field(events, 'oom_kill'), field(events, 'oom')),
  };
}
