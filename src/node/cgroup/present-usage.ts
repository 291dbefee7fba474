/** What a cgroup takes right now. */

import { field, fileV1, fileV2, numberOf, read } from './cgroup-file.ts';
import type { Hierarchies } from './hierarchies.ts';

export interface PresentUsage {
  /** Since the cgroup was made. */
  readonly cpuNanoseconds: number;
  /** Without files that the kernel can drop: what Kubernetes calls the working set. */
  readonly memoryBytes: number;
}

/** `path` is relative to the hierarchies' roots. */
export function presentV1({ v1 }: Hierarchies, path: string): PresentUsage | undefined {
  const file = fileV1(v1, path);
  const memory = numberOf(read(file('memory', 'memory.usage_in_bytes')));
  const idle = field(read(file('memory', 'memory.stat')), 'total_inactive_file');
  return presentOf(numberOf(read(file('cpuacct', 'cpuacct.usage'))), memory, idle);
}

/** `path` is relative to the unified hierarchy's root. */
export function presentV2({ unified }: Hierarchies, path: string): PresentUsage | undefined {
  const file = fileV2(unified, path);
  const microseconds = field(read(file('cpu.stat')), 'usage_usec');
  const idle = field(read(file('memory.stat')), 'inactive_file');
  return presentOf(
    microseconds === undefined ? undefined : microseconds * 1000,
    numberOf(read(file('memory.current'))),
    idle,
  );
}

function presentOf(cpuNanoseconds: number | undefined, memory: number | undefined, idle = 0): PresentUsage | undefined {
  if (cpuNanoseconds === undefined || memory === undefined) return undefined;
  return { cpuNanoseconds, memoryBytes: Math.max(0, memory - idle) };
}
