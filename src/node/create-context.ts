/** Makes what every part of the node agent works with. */

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Semaphore } from '../client/semaphore.ts';
import type { NodeAgentOptions } from './agent-options.ts';
import { readBootId } from './boot-id.ts';
import { detectCgroups } from './cgroup/cgroup.ts';
import type { NodeContext } from './context.ts';
import { slowCommands } from './host/slow-commands.ts';
import { layoutOf } from './layout.ts';
import { PodPolicies } from './network/pod-policies.ts';
import { ownNodeName } from './node-object.ts';
import { usualResultBytes } from './pods/end/after-end.ts';
import { usualDefaults } from './pods/plan/resources.ts';
import { monitorCommand, monitorEnvironment } from './runtime/conmon.ts';
import { Starter } from './runtime/exec-fifo.ts';
import { Launcher } from './runtime/launcher.ts';
import { OciRuntime } from './runtime/oci-runtime.ts';
import { rlimitsWithin } from './runtime/oci-spec.ts';
import type { PodClaims } from './volumes/pod-claims.ts';

/** @param stopping fires when the agent stops */
export function createContext(
  options: NodeAgentOptions,
  cores: number,
  stopping: AbortSignal,
  claims: PodClaims,
): NodeContext {
  const { limits = {}, programs, instance, dataDir, runDir } = options;
  const layout = layoutOf(dataDir, runDir, instance);
  const cgroups = detectCgroups({ instance });
  const runtime = new OciRuntime(options.run, programs.runtime, layout.runtime);
  const outside = { procsFiles: cgroups.monitorProcsFiles, environment: monitorEnvironment };
  const { client, clock, onError = () => {} } = options;
  return {
    client,
    clock,
    network: options.network,
    policies: new PodPolicies({ client, clock, signal: stopping, onError }),
    disk: options.disk,
    images: options.images,
    rootfsOf: options.rootfsOf,
    barrier: options.barrier,
    layout,
    nodeName: options.nodeName ?? ownNodeName(),
    bootId: options.bootId ?? readBootId(),
    runtime,
    init: programs.init,
    cgroups,
    launcher: new Launcher(
      outside,
      monitorCommand(programs.conmon, { exitDir: layout.exits, runtime }),
      join(realpathSync(dataDir), 'disks'),
    ),
    starter: new Starter(outside),
    limitsSwap: swapCanBeLimited(),
    defaults: limits.defaults ?? usualDefaults,
    resultBytes: limits.resultBytes ?? usualResultBytes,
    probing: slowCommands(stopping),
    rlimits: rlimitsWithin(readFileSync('/proc/self/limits', 'utf8')),
    hostPaths: [layout.builds, layout.buildCaches],
    claims,
    starting: new Semaphore(limits.maxStarting ?? 2 * cores),
    stopping,
    onError,
  };
}

/** Version 1 can do without the accounting of swap; naming a swap limit would then fail. */
const swapCanBeLimited = (): boolean =>
  existsSync('/sys/fs/cgroup/cgroup.controllers') || existsSync('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes');
