import { basename } from 'node:path';
import { startBuildController } from '../build/build-controller.ts';
import { startImagePresence } from '../build/image-presence.ts';
import type { SourceStore } from '../build/source-store.ts';
import type { Client } from '../client/client.ts';
import { systemClock } from '../client/clock.ts';
import { createNodeAgent } from '../node/agent.ts';
import { roomWithin } from '../node/agent-options.ts';
import { readBootId } from '../node/boot-id.ts';
import { BuildCaches } from '../node/disk/build-caches.ts';
import { createDisks } from '../node/disk/create-disks.ts';
import { requireRights } from '../node/doctor/container-checks.ts';
import type { LogForwarder } from '../node/forward/log-forwarder.ts';
import { CommandShells } from '../node/host/command-shells.ts';
import type { Layout } from '../node/layout.ts';
import type { LogStore } from '../node/logs/log-store.ts';
import { createNetwork } from '../node/network/create-network.ts';
import { BuilderStack, builderIds } from '../node/rootfs/builder-stack.ts';
import { rootfsByBase } from '../node/rootfs/by-base.ts';
import { stackFingerprint } from '../node/rootfs/fingerprint.ts';
import { HostStack } from '../node/rootfs/host-stack.ts';
import { chooseRuntime } from '../node/runtime/choose-runtime.ts';
import { findPrograms } from '../node/runtime/find-programs.ts';
import { hostStackRef } from '../resources/image-reference.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';
import { announceStack } from './announce-stack.ts';
import { isHeld } from './backup/hold.ts';
import { createImages } from './create-images.ts';
import { createDiskDesk } from './disk/disk-desk.ts';
import { startDiskShare } from './disk/disk-share.ts';
import { oldLogs } from './disk/old-logs.ts';
import { unusedImages, unusedStoredImages } from './disk/unused-images.ts';
import { givenImages } from './given-images.ts';
import type { Home } from './home.ts';
import { createImageBench } from './image-bench.ts';
import type { Parts } from './node-parts.ts';
import { buildLimits, hostStackPaths, nodeLimits, reserveOf } from './node-settings.ts';
import type { NodeState } from './node-state.ts';
import { noteOwner } from './owner-note.ts';
import { pruneBuilds, startCollector } from './prune.ts';
import { loadServerConfig } from './server-config.ts';
import { isReplaced, removeUnused } from './stored-images.ts';

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
  parts: Parts,
  state: NodeState,
): Promise<void> {
  const programs = findPrograms();
  await requireRights();
  const { home, client, barrier, config, log } = options;
  const { dataDir, runDir, instance } = home;
  parts.shells = new CommandShells();
  const { run } = parts.shells;
  const stack = new HostStack({ directory: layout.stacks, clock: systemClock, paths: hostStackPaths(config, log) });
  // Tests reboot without a machine that does.
  const bootId = process.env.KF_BOOT_ID || readBootId();
  parts.images = createImages(layout, { bootId, ...reserveOf(config) });
  const { all: nodeImages, store: images, storage } = parts.images;
  const made = await Promise.allSettled([
    chooseRuntime(programs.runtimes, dataDir),
    nodeImages.open(),
    createNetwork({
      instance,
      run,
      onWarning: log,
      ...(config.port > 0 ? { deniedHostPorts: [config.port] } : {}),
    }).then((network) => {
      parts.network = network;
    }),
    createDisks({ dataDir, run, onWarning: log, ...reserveOf(config) }).then((disk) => {
      parts.disk = disk;
    }),
  ]);
  // All have ended before anything is taken down again.
  const failed = made.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  const runtime = (made[0] as PromiseFulfilledResult<string>).value;
  parts.agent = createNodeAgent({
    client,
    clock: systemClock,
    dataDir,
    runDir,
    instance,
    programs: { runtime, conmon: programs.conmon, init: programs.init },
    run,
    network: parts.network!,
    disk: parts.disk!,
    images: nodeImages,
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
  state.comingUp();
  await parts.agent.start();
  await noteOwner(layout, instance);
  await state.ready(parts.agent.room, parts.network!.hostAddress, `oci://${basename(runtime)}`);
  // Before builds start: each has its folder to itself.
  const caches = new BuildCaches({
    folder: layout.buildCaches,
    disk: parts.disk!,
    owner: builderIds.hostId,
    limitBytes: config['build.disk'],
    run,
  });
  parts.caches = caches;
  await caches.start(await pruneBuilds(client, layout.builds));
  const fingerprint = async (): Promise<string> => fingerprintText(await stackFingerprint());
  parts.announcement = announceStack({ client, fingerprint, onError: log });
  parts.builds = startBuildController({
    client,
    clock: systemClock,
    dataDir,
    bootId,
    sources: options.sources,
    images,
    given: givenImages(nodeImages),
    bench: createImageBench({ storage, images: nodeImages, caches, runtime }),
    limits: { ...buildLimits(config), machineMemory: roomWithin(nodeLimits(config)).memoryBytes },
    stack: {
      ref: hostStackRef,
      path: stack.path,
      interpreters: async () => (await stackFingerprint()).interpreters,
      fingerprint,
    },
    onError: log,
  });
  const stored = { client, storage, store: images, settings: parts.images.settings };
  parts.collector = startCollector({
    client,
    clock: systemClock,
    images,
    sources: options.sources,
    caches,
    pruneStored: () => removeUnused(stored, { only: isReplaced }),
    isHeld: () => isHeld(dataDir),
    onError: log,
  });
  const { sources } = options;
  const diskShare = async (): Promise<number | undefined> => (await loadServerConfig(dataDir)).diskShare;
  parts.diskDesk = createDiskDesk({
    dataDir,
    client,
    images,
    sources,
    stored,
    collector: parts.collector,
    logs,
    run,
    share: diskShare,
    holdsLog: (owner) => forwarder.holds(owner),
    isHeld: () => isHeld(dataDir),
  });
  parts.diskShare = startDiskShare({
    dataDir,
    clock: systemClock,
    run,
    configured: diskShare,
    isHeld: () => isHeld(dataDir),
    parts: [
      unusedImages({ collector: parts.collector, layout, run }),
      unusedStoredImages(stored, run),
      oldLogs({
        client,
        clock: systemClock,
        logs,
        directory: layout.logs,
        run,
        holds: (owner) => forwarder.holds(owner),
      }),
    ],
    log,
  });
  parts.presence = startImagePresence({ client, clock: systemClock, images: nodeImages, onError: log });
}

/** `debian 12; node v20.20.2; python3 Python 3.11.2` */
function fingerprintText({ distribution, interpreters }: Awaited<ReturnType<typeof stackFingerprint>>): string {
  return [distribution, ...Object.entries(interpreters).map(([name, version]) => `${name} ${version}`)].join('; ');
}
