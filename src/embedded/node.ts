/** Wires the node agent and the builds. They come up in the background: the API answers meanwhile, Pods wait. */

import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { startBuildController } from '../build/build-controller.ts';
import { type ImagePresence, startImagePresence } from '../build/image-presence.ts';
import type { SourceStore } from '../build/source-store.ts';
import type { Client } from '../client/client.ts';
import { systemClock } from '../client/clock.ts';
import type { RunningController } from '../client/controller.ts';
import type { DiskDesk } from '../client/disk.ts';
import type { FileSource } from '../client/files.ts';
import type { MachineRoom } from '../client/machine-room.ts';
import { createNodeAgent, type NodeAgent, roomWithin } from '../node/agent.ts';
import { readBootId } from '../node/boot-id.ts';
import { detectCgroups } from '../node/cgroup/cgroup.ts';
import { BuildCaches } from '../node/disk/build-caches.ts';
import { createDisks } from '../node/disk/create-disks.ts';
import type { DiskProvider } from '../node/disk/disk.ts';
import { requireRights } from '../node/doctor/container-checks.ts';
import { checkLogFile } from '../node/forward/allowed-file.ts';
import { LogForwarder } from '../node/forward/log-forwarder.ts';
import { CommandShells } from '../node/host/command-shells.ts';
import { hostStackRef } from '../node/images/image.ts';
import { type Layout, layoutOf } from '../node/layout.ts';
import { LogStore } from '../node/logs/log-store.ts';
import { createNetwork } from '../node/network/create-network.ts';
import type { NetworkProvider } from '../node/network/network.ts';
import { BuilderStack, builderIds } from '../node/rootfs/builder-stack.ts';
import { rootfsByBase } from '../node/rootfs/by-base.ts';
import { stackFingerprint } from '../node/rootfs/fingerprint.ts';
import { HostStack } from '../node/rootfs/host-stack.ts';
import { chooseRuntime } from '../node/runtime/choose-runtime.ts';
import { findPrograms } from '../node/runtime/find-programs.ts';
import { Pod, podFinished } from '../resources/core/pod.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';
import { statusError } from '../resources/status.ts';
import { announceStack } from './announce-stack.ts';
import { logsAreHeld } from './backup/log-hold.ts';
import { type AllImages, createImages } from './create-images.ts';
import { createDiskDesk } from './disk/disk-desk.ts';
import { type DiskShare, startDiskShare } from './disk/disk-share.ts';
import { oldLogs } from './disk/old-logs.ts';
import { unusedImages, unusedStoredImages } from './disk/unused-images.ts';
import { givenImages } from './given-images.ts';
import type { Home } from './home.ts';
import { createImageBench } from './image-bench.ts';
import { buildLimits, hostStackPaths, nodeLimits, reserveOf } from './node-settings.ts';
import { NodeState } from './node-state.ts';
import { type Collector, pruneBuilds, startCollector } from './prune.ts';
import { RoomDesk } from './room-desk.ts';
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

export interface RunningNode {
  readonly logs: LogStore;
  readonly files: FileSource;
  readonly disk: DiskDesk;
  readonly room: MachineRoom;
  /** Lets go of everything; what runs goes on running. */
  stop(): Promise<void>;
}

/** Whether nothing runs that a stopped server would leave running. */
async function isIdle(client: Client): Promise<boolean> {
  const { items } = await client.list(Pod, { unfinishedOnly: true });
  return items.every((pod) => podFinished(pod) || !pod.spec.nodeName);
}

/** What came up, in order, so that it can be stopped in the other. */
interface Parts {
  shells?: CommandShells;
  announcement?: { stop(): void };
  images?: AllImages;
  network?: NetworkProvider;
  disk?: DiskProvider;
  agent?: NodeAgent;
  builds?: RunningController;
  presence?: ImagePresence;
  collector?: Collector;
  caches?: BuildCaches;
  diskDesk?: DiskDesk;
  diskShare?: DiskShare;
}

/** Resolves at once: what the machine lacks is told while Pods wait. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { home } = options;
  const layout = layoutOf(home.dataDir, home.runDir, home.instance);
  await mkdir(layout.logs, { recursive: true });
  const logs = new LogStore(layout.logs);
  await logs.open();
  const forwarder = new LogForwarder({
    client: options.client,
    clock: systemClock,
    logs: layout.logs,
    directory: join(home.dataDir, 'log-sinks'),
    deleteLog: (uid) => logs.delete(uid),
    checkFile: async (path) =>
      checkLogFile(path, {
        allowed: (await loadServerConfig(home.dataDir)).hostPaths,
        own: [home.dataDir, home.runDir],
      }),
    onError: options.log,
  });
  forwarder.start();
  const parts: Parts = {};
  const stopping = new AbortController();
  const { client, config, version, log } = options;
  const desk = new RoomDesk();
  const state = new NodeState({ client, room: roomWithin(nodeLimits(config)), desk, version, log });
  const started = untilUp(
    () => bringUp(options, layout, { logs, forwarder }, parts, state),
    options,
    parts,
    state,
    stopping.signal,
  );
  return {
    logs,
    files: {
      read(query) {
        if (parts.agent === undefined) throw notUp();
        return parts.agent.files.read(query);
      },
    },
    disk: {
      report: () => diskDeskOf(parts).report(),
      prune: (what) => diskDeskOf(parts).prune(what),
    },
    room: desk,
    async stop() {
      stopping.abort();
      await started;
      state.comingUp();
      await takeDown(options, parts);
      await forwarder.stop();
    },
  };
}

function diskDeskOf({ diskDesk }: Parts): DiskDesk {
  if (diskDesk === undefined) throw notUp();
  return diskDesk;
}

const notUp = () => statusError('ServiceUnavailable', 'the node is not up yet, see kf doctor');

/** Tries for as long as it takes: what is missing may be mended while Pods wait. */
async function untilUp(
  bringUp: () => Promise<void>,
  options: NodeOptions,
  parts: Parts,
  state: NodeState,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    try {
      return await bringUp();
    } catch (error) {
      await takeDown(options, parts).catch((failure: unknown) => options.log('taking down what came up', failure));
      await state.failed(error);
    }
    await new Promise<void>((resolve) => {
      const timer = systemClock.after(retryDelay, resolve);
      stopping.addEventListener('abort', () => resolve(timer.cancel()), { once: true });
    });
  }
}

/** Milliseconds between attempts to bring the node up. */
const retryDelay = 3000;

async function takeDown({ home, client }: NodeOptions, parts: Parts): Promise<void> {
  parts.announcement?.stop();
  await Promise.all([parts.builds?.stop(), parts.presence?.stop(), parts.collector?.stop(), parts.diskShare?.stop()]);
  await parts.agent?.stop();
  const idle = await isIdle(client);
  // Once no task is left the machine is as it was: no bridge, no rules, no cgroups.
  await Promise.all([parts.network?.close({ all: idle }), parts.disk?.close()]);
  if (idle) {
    await parts.caches?.suspend();
    await detectCgroups({ instance: home.instance }).removeAll();
  }
  parts.shells?.close();
  parts.images?.close();
  for (const part of [
    'shells',
    'images',
    'announcement',
    'builds',
    'presence',
    'collector',
    'caches',
    'diskDesk',
    'diskShare',
    'agent',
    'network',
    'disk',
  ] as const)
    delete parts[part];
}

async function bringUp(
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
    logsInUse: { isNeeded: (owner) => forwarder.holds(owner), isHeld: () => logsAreHeld(dataDir) },
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
  });
  parts.diskShare = startDiskShare({
    dataDir,
    clock: systemClock,
    run,
    configured: diskShare,
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
