/** Brings the node up on this machine: the agent that runs Pods, then builds, then what keeps the disk free. */

import { basename } from 'node:path';
import type { SourceStore } from '../build/source-store.ts';
import type { Client } from '../client/client.ts';
import { systemClock } from '../client/clock.ts';
import { createNodeAgent } from '../node/agent.ts';
import type { LogForwarder } from '../node/forward/log-forwarder.ts';
import type { Layout } from '../node/layout.ts';
import type { LogStore } from '../node/logs/log-store.ts';
import { BuilderStack } from '../node/rootfs/builder-stack.ts';
import { rootfsByBase } from '../node/rootfs/by-base.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';
import { isHeld } from './backup/hold.ts';
import { keepDiskFree } from './disk/keep-disk-free.ts';
import type { Home } from './home.ts';
import { openMachine } from './machine.ts';
import type { NodeParts } from './node-parts.ts';
import { nodeLimits } from './node-settings.ts';
import type { NodeState } from './node-state.ts';
import { noteOwner } from './owner-note.ts';
import { loadServerConfig } from './server-config.ts';
import { startBuilds } from './start-builds.ts';

export interface NodeOptions {
  readonly home: Home;
  readonly client: Client;
  readonly barrier: () => Promise<void>;
  readonly sources: SourceStore;
  /** As of the start. */
  readonly config: ServerConfig;
  readonly version: string;
  readonly log: (message: string, error?: unknown) => void;
}

/** @throws Error naming what the machine lacks */
export async function bringUp(
  options: NodeOptions,
  layout: Layout,
  { logs, forwarder }: { readonly logs: LogStore; readonly forwarder: LogForwarder },
  parts: NodeParts,
  state: NodeState,
): Promise<void> {
  const machine = await openMachine(options, layout, parts);
  const { client, barrier, config, log } = options;
  const { dataDir, runDir, instance } = options.home;
  const { bootId, run, programs, images, network, disk, stack } = machine;
  const agent = createNodeAgent({
    client,
    clock: systemClock,
    dataDir,
    runDir,
    instance,
    programs,
    run,
    network,
    disk,
    images: images.all,
    logs,
    keepsLog: (object) => forwarder.keeps(object),
    logsInUse: { isNeeded: (owner) => forwarder.holds(owner), isHeld: () => isHeld(dataDir) },
    rootfsOf: rootfsByBase({
      host: stack,
      builder: new BuilderStack({ directory: layout.builderRoot, hostStack: stack }),
      links: layout.links,
    }),
    barrier,
    limits: nodeLimits(config),
    allowedHostPaths: async () => (await loadServerConfig(dataDir)).hostPaths,
    bootId,
    onError: log,
  });
  parts.agent = agent;
  state.comingUp();
  await agent.start();
  await noteOwner(layout, instance);
  await state.ready(agent.room, network.hostAddress, `oci://${basename(programs.runtime)}`);
  const caches = await startBuilds(options, machine, parts);
  keepDiskFree({ ...options, caches, logs, forwarder }, machine, parts);
}
