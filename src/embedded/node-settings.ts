/** What the server's settings mean for the node. */

import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { BuildLimits } from '../build/build-run.ts';
import type { NodeLimits } from '../node/agent-options.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';

/** Bounds of what Pods get of the machine. */
export function nodeLimits({ maxTasks, memory, diskReserve, maxResultSize }: ServerConfig): Partial<NodeLimits> {
  return {
    resultBytes: maxResultSize,
    ...(maxTasks === undefined ? {} : { maxTasks }),
    ...(memory === undefined ? {} : { memoryBytes: Math.min(memory, totalmem()) }),
    ...(diskReserve === undefined ? {} : { pressureBytes: diskReserve / 4 }),
  };
}

/** What one build may use. */
export const buildLimits = (config: ServerConfig): BuildLimits => ({
  timeout: config['build.timeout'],
  memory: config['build.memory'],
});

/** Bytes that uploads and tasks leave free on the disk; default: 5 %, at least 1 GiB. */
export const reserveOf = ({ diskReserve }: ServerConfig): { readonly reserveBytes?: number } =>
  diskReserve === undefined ? {} : { reserveBytes: diskReserve };

/** Leaves out paths that are missing: they would keep every container from starting. */
export function hostStackPaths(config: ServerConfig, log: (message: string) => void): readonly string[] {
  return config['hostStack.paths'].filter((path) => {
    if (existsSync(path)) return true;
    log(`hostStack.paths: ${path} does not exist; Tasks do not see it`);
    return false;
  });
}
