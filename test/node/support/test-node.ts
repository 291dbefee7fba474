/** A node agent of its own for one test file: real containers, network and disks, over a Client in memory. */

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Client } from '../../../src/client/client.ts';
import { type Clock, systemClock } from '../../../src/client/clock.ts';
import { createNodeAgent, type NodeAgent } from '../../../src/node/agent.ts';
import type { NodeLimits } from '../../../src/node/agent-options.ts';
import { detectCgroups } from '../../../src/node/cgroup/cgroup.ts';
import { createDisks } from '../../../src/node/disk/create-disks.ts';
import type { DiskProvider } from '../../../src/node/disk/disk.ts';
import { CommandShells } from '../../../src/node/host/command-shells.ts';
import { runCommand } from '../../../src/node/host/run-command.ts';
import { ContainerStorage } from '../../../src/node/images/container-storage.ts';
import { ImagePuller } from '../../../src/node/images/image-puller.ts';
import { ImageStore } from '../../../src/node/images/image-store.ts';
import { NodeImages } from '../../../src/node/images/node-images.ts';
import { layoutOf } from '../../../src/node/layout.ts';
import { logPathOf, ownerOf } from '../../../src/node/logs/log-path.ts';
import { LogStore } from '../../../src/node/logs/log-store.ts';
import { createNetwork } from '../../../src/node/network/create-network.ts';
import type { NetworkProvider } from '../../../src/node/network/network.ts';
import { liveMonitors } from '../../../src/node/pods/recovery/monitors.ts';
import { BuilderStack } from '../../../src/node/rootfs/builder-stack.ts';
import { rootfsByBase } from '../../../src/node/rootfs/by-base.ts';
import { HostStack } from '../../../src/node/rootfs/host-stack.ts';
import { chooseRuntime } from '../../../src/node/runtime/choose-runtime.ts';
import { findPrograms } from '../../../src/node/runtime/find-programs.ts';
import { Pod, podFinished } from '../../../src/resources/core/pod.ts';
import { noImageSettings } from '../../../src/resources/image-settings.ts';
import { runtimeCache } from '../../support/machine-state.ts';
import { MemoryClient } from './memory-client.ts';

export interface TestNodeOptions {
  readonly limits?: Partial<NodeLimits>;
  /** Default: the real one. */
  readonly clock?: Clock;
  /** Size of a file system of its own for the data directory, as mount's `size=`. */
  readonly fileSystem?: string;
  /** Stands between the agent and its disks. */
  readonly wrapDisk?: (disk: DiskProvider) => DiskProvider;
  /** Stands between the agent and its Client. */
  readonly wrapClient?: (client: Client) => Client;
}

export class TestNode {
  readonly client = new MemoryClient();
  readonly instance = randomBytes(3).toString('hex');
  readonly dataDir = mkdtempSync(join(tmpdir(), 'kf node,signs-'));
  readonly layout = layoutOf(this.dataDir, join(this.dataDir, 'run'), this.instance);
  readonly images = new ImageStore(this.layout);
  readonly storage = new ContainerStorage({
    graphRoot: this.layout.storage,
    runRoot: this.layout.runStorage,
    configDirectory: join(this.layout.runStorage, 'config'),
    keptDirectory: this.layout.images,
    bootId: 'test',
    run: runCommand,
  });
  readonly logs = new LogStore(this.layout.logs);
  readonly errors: string[] = [];
  barriers = 0;
  #mounted = false;
  readonly #shells = new CommandShells();
  network!: NetworkProvider;
  disk!: DiskProvider;
  agent!: NodeAgent;

  static async start(options: TestNodeOptions = {}): Promise<TestNode> {
    const node = new TestNode();
    if (options.fileSystem !== undefined) {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${options.fileSystem}`, 'kf-test', node.dataDir]);
      node.#mounted = true;
    }
    await node.images.open();
    await node.boot(options);
    return node;
  }

  /** Starts a server's node part, as after a restart. */
  async boot(options: TestNodeOptions & { readonly bootId?: string } = {}): Promise<void> {
    this.network = await createNetwork({ instance: this.instance, run: this.#shells.run, poolSize: 2 });
    this.disk = await createDisks({
      dataDir: this.dataDir,
      run: this.#shells.run,
      poolSize: 1,
      limits: [64 * 2 ** 20],
      reserveBytes: 0,
    });
    const { runtimes, conmon, init } = findPrograms();
    const stack = new HostStack({ directory: join(this.layout.stacks, 'host'), clock: systemClock });
    this.agent = createNodeAgent({
      client: options.wrapClient?.(this.client) ?? this.client,
      clock: options.clock ?? systemClock,
      dataDir: this.dataDir,
      runDir: join(this.dataDir, 'run'),
      instance: this.instance,
      programs: { runtime: await chooseRuntime(runtimes, this.dataDir), conmon, init },
      run: this.#shells.run,
      network: this.network,
      disk: options.wrapDisk?.(this.disk) ?? this.disk,
      images: this.#allImages(),
      logs: this.logs,
      rootfsOf: rootfsByBase({
        host: stack,
        builder: new BuilderStack({ directory: this.layout.builderRoot, hostStack: stack }),
        links: this.layout.links,
      }),
      barrier: async () => {
        this.barriers++;
      },
      nodeName: 'test-node',
      limits: {
        defaults: { memoryBytes: 256 * 2 ** 20, diskBytes: 64 * 2 ** 20, pids: 128 },
        ...options.limits,
      },
      onError: (message, error) => {
        this.errors.push(`${message}: ${String(error)}`);
      },
      ...(options.bootId === undefined ? {} : { bootId: options.bootId }),
    });
    await this.agent.start();
  }

  #allImages(): NodeImages {
    const settings = async () => noImageSettings;
    const { storage } = this;
    const puller = new ImagePuller({ storage, clock: systemClock, settings, reserveBytes: 0 });
    return new NodeImages({ clock: systemClock, store: this.images, storage, puller, settings });
  }

  /** As a killed server leaves things: containers run on. */
  async halt(): Promise<void> {
    await this.agent.stop();
    await this.network.close({ all: false });
    await this.disk.close();
  }

  async close(): Promise<void> {
    await this.halt();
    // What still runs belongs to nobody then, and the start of the next agent takes it away.
    for (const pod of (await this.client.list(Pod)).items)
      if (!podFinished(pod)) await this.client.delete(Pod, pod.metadata, { gracePeriodSeconds: 0 });
    await this.boot();
    await this.agent.stop();
    await this.disk.sweep(new Set());
    await this.disk.close();
    await this.network.close({ all: true });
    await detectCgroups({ instance: this.instance }).removeAll();
    rmSync(this.layout.volatile, { recursive: true, force: true });
    if (this.#mounted) execFileSync('umount', [this.dataDir]);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async create(name: string, spec: Partial<Pod['spec']>, metadata: Partial<Pod['metadata']> = {}): Promise<Pod> {
    return this.client.create(Pod, {
      metadata: { name, namespace: 'dev', ...metadata },
      spec: { containers: [], ...spec },
    });
  }

  /** A Pod of one container that runs a shell line on the host stack. */
  async shell(name: string, line: string, container: Partial<Pod['spec']['containers'][number]> = {}): Promise<Pod> {
    return this.create(name, { containers: [shellContainer('main', line, container)] });
  }

  async finished(name: string): Promise<Pod> {
    return (await this.client.until(Pod, ref(name), (pod) => pod !== undefined && podFinished(pod)))!;
  }

  async running(name: string): Promise<Pod> {
    return (await this.client.until(Pod, ref(name), (pod) => pod?.status?.phase === 'Running'))!;
  }

  async gone(name: string): Promise<void> {
    await this.client.until(Pod, ref(name), (pod) => pod === undefined);
  }

  /** Resolves when no Pod is being run and everything of those that were is removed. */
  async idle(): Promise<void> {
    await this.agent.idle();
  }

  /** What of this instance's containers is still on the machine. */
  async leftovers(): Promise<readonly string[]> {
    const cgroups = await detectCgroups({ instance: this.instance }).leftovers();
    const folders = [this.layout.pods, this.layout.exits, this.layout.runtime];
    const files = folders.filter(existsSync).flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
    const left = files.filter((path) => basename(path) !== runtimeCache);
    return [...cgroups, ...left, ...liveMonitors(this.layout.runtime).keys()];
  }

  containerPid(pod: Pod, container = 'main'): number {
    return Number(readFileSync(join(this.layout.pods, pod.metadata.uid!, container, 'pid'), 'utf8'));
  }

  monitorPid(pod: Pod): number {
    return liveMonitors(this.layout.runtime).get(`${pod.metadata.uid}-0`)!;
  }

  /** The container's output. */
  async log(pod: Pod, container = 'main'): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.logs.read({ owner: ownerOf(pod), pod: pod.metadata.name, container }))
      chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  /** Resolves once a container's log contains `text`. */
  async logged(pod: Pod, text: string, container = 'main'): Promise<void> {
    let seen = '';
    const query = { owner: ownerOf(pod), pod: pod.metadata.name, container, follow: true };
    for await (const chunk of this.logs.read(query)) {
      seen += chunk.toString();
      if (seen.includes(text)) return;
    }
  }

  /** Text of a log file as conmon wrote it. */
  rawLog(pod: Pod, container = 'main'): string {
    return readFileSync(logPathOf(this.layout.logs, pod, container), 'utf8');
  }
}

const ref = (name: string) => ({ namespace: 'dev', name });

export const shellContainer = (
  name: string,
  line: string,
  rest: Partial<Pod['spec']['containers'][number]> = {},
): Pod['spec']['containers'][number] => ({
  name,
  image: 'kf.local/stack/host',
  command: ['/bin/sh', '-c', line],
  ...rest,
});

export const terminated = (pod: Pod, name = 'main') =>
  pod.status?.containerStatuses?.find((status) => status.name === name)?.state?.terminated;
