/** What the node needs of this machine before it can run a Pod: programs, images, network, disks. */

import { systemClock } from '../client/clock.ts';
import { readBootId } from '../node/boot-id.ts';
import { createDisks } from '../node/disk/create-disks.ts';
import type { DiskProvider } from '../node/disk/disk.ts';
import { requireRights } from '../node/doctor/container-checks.ts';
import { CommandShells } from '../node/host/command-shells.ts';
import type { RunCommand } from '../node/host/run-command.ts';
import type { Layout } from '../node/layout.ts';
import { createNetwork } from '../node/network/create-network.ts';
import type { NetworkProvider } from '../node/network/network.ts';
import { HostStack } from '../node/rootfs/host-stack.ts';
import { chooseRuntime } from '../node/runtime/choose-runtime.ts';
import { findPrograms } from '../node/runtime/find-programs.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';
import { type AllImages, createImages } from './create-images.ts';
import type { Home } from './home.ts';
import type { NodeParts } from './node-parts.ts';
import { hostStackPaths, reserveOf } from './node-settings.ts';

export interface Machine {
  readonly layout: Layout;
  readonly bootId: string;
  /** Runs the machine's programs. */
  readonly run: RunCommand;
  /** Paths of the programs that run containers. */
  readonly programs: { readonly runtime: string; readonly conmon: string; readonly init: string };
  readonly images: AllImages;
  readonly network: NetworkProvider;
  readonly disk: DiskProvider;
  readonly stack: HostStack;
}

interface Options {
  readonly home: Home;
  readonly config: ServerConfig;
  readonly log: (message: string, error?: unknown) => void;
}

/**
 * @param parts gets each part as soon as it is there, also where another one fails
 * @throws Error naming what the machine lacks
 */
export async function openMachine({ home, config, log }: Options, layout: Layout, parts: NodeParts): Promise<Machine> {
  const { runtimes, conmon, init } = findPrograms();
  await requireRights();
  const { dataDir, instance } = home;
  const shells = new CommandShells();
  parts.shells = shells;
  const { run } = shells;
  const stack = new HostStack({ directory: layout.stacks, clock: systemClock, paths: hostStackPaths(config, log) });
  // Tests reboot without a machine that does.
  const bootId = process.env.KF_BOOT_ID || readBootId();
  const images = createImages(layout, { bootId, ...reserveOf(config) });
  parts.images = images;
  const network = createNetwork({
    instance,
    run,
    onWarning: log,
    ...(config.port > 0 ? { deniedHostPorts: [config.port] } : {}),
  }).then((made) => {
    parts.network = made;
    return made;
  });
  const disk = createDisks({ dataDir, run, onWarning: log, ...reserveOf(config) }).then((made) => {
    parts.disk = made;
    return made;
  });
  const runtime = chooseRuntime(runtimes, dataDir);
  const opened = images.all.open();
  // All have ended before anything is taken down again.
  await Promise.allSettled([runtime, opened, network, disk]);
  const programs = { runtime: await runtime, conmon, init };
  await opened;
  return {
    layout,
    bootId,
    run,
    programs,
    images,
    network: await network,
    disk: await disk,
    stack,
  };
}
