/** What containers take right now, of their cgroups; what the machine takes, of its kernel. */

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { ResourceUsage, UsageSource } from '../client/usage.ts';
import type { NodeContext } from './context.ts';
import { runningContainers } from './pods/containers/running-container.ts';

export function usageSource({ cgroups, layout }: Pick<NodeContext, 'cgroups' | 'layout'>): UsageSource {
  return {
    async ofPod({ metadata }) {
      const usages = new Map<string, ResourceUsage>();
      for (const { id, name } of runningContainers(layout, metadata.uid!)) {
        const usage = cgroups.present(id);
        if (usage !== undefined) usages.set(name, usage);
      }
      return usages;
    },
    async ofMachine() {
      return { cpuNanoseconds: processorTime(), memoryBytes: memoryInUse(readFileSync('/proc/meminfo', 'utf8')) };
    },
  };
}

/** Of all processors together. */
const processorTime = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) * 1e6;

/** Bytes. @param meminfo the text of /proc/meminfo */
function memoryInUse(meminfo: string): number {
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0);
  return (kilobytes('MemTotal') - kilobytes('MemAvailable')) * 1024;
}
