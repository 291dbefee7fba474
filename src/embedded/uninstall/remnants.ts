/** `kf server uninstall`: all that one server has on the machine, found and removed without it. */

import { existsSync, readdirSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { detectCgroups } from '../../node/cgroup/cgroup.ts';
import { detachLoops, mountsBelow } from '../../node/disk/loop-image.ts';
import { runCommand } from '../../node/host/run-command.ts';
import { layoutOf } from '../../node/layout.ts';
import { type NetworkRemnants, networkRemnants, removeNetwork } from '../../node/network/remnants.ts';
import { bytesOf } from '../disk/measure.ts';
import { endContainers, monitorsOf } from '../end-containers.ts';
import { removeGitFolders } from '../git-folders.ts';
import type { AbandonedHome, Home } from '../home.ts';
import { endServer } from './end-server.ts';
import { ourFiles } from './files.ts';

export interface Remnants extends NetworkRemnants {
  readonly dataDir: string;
  readonly bytes: number;
  readonly containers: number;
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  /** Made by the server: they go with the data. */
  readonly volumes: number;
  /** Somebody has removed the data directory. */
  readonly abandoned: boolean;
  /** The server's process, where it runs without its data directory. */
  readonly serverPid?: number;
}

export async function findRemnants(home: Home | AbandonedHome): Promise<Remnants> {
  const { dataDir, instance } = home;
  const serverPid = 'serverPid' in home ? home.serverPid : undefined;
  const volumes = await readdir(join(dataDir, 'volumes')).catch(() => []);
  return {
    dataDir,
    bytes: await bytesOf(dataDir),
    containers: monitorsOf(home).size,
    mounts: await mountsOf(home),
    cgroups: await detectCgroups({ instance }).leftovers(),
    volumes: volumes.length,
    abandoned: !existsSync(join(dataDir, 'instance')),
    ...(serverPid === undefined ? {} : { serverPid }),
    ...(await networkRemnants(instance, runCommand)),
  };
}

/** Whether neither data nor anything else is there. */
export const isNothing = ({ abandoned, serverPid, containers, mounts, cgroups, ...network }: Remnants): boolean =>
  abandoned &&
  serverPid === undefined &&
  [containers, mounts.length, cgroups.length].every((count) => count === 0) &&
  [network.links.length, network.namespaces.length, network.firewallRules].every((count) => count === 0);

const volatileOf = ({ dataDir, runDir, instance }: Home): string => layoutOf(dataDir, runDir, instance).volatile;

async function mountsOf(home: Home): Promise<readonly string[]> {
  const below = await Promise.all([home.dataDir, volatileOf(home)].map(mountsBelow));
  // The folder may itself be where a disk of its own is mounted: that is the administrator's.
  return below.flat().filter((mount) => mount !== home.dataDir && mount !== home.runDir);
}

/** @param keepData whether the data directory stays @returns what of it is not ours, and stays */
export async function removeRemnants(
  home: Home | AbandonedHome,
  { keepData }: { readonly keepData: boolean },
): Promise<readonly string[]> {
  const { dataDir, runDir, instance } = home;
  // First of all: it would make good what is taken from it.
  if ('serverPid' in home && home.serverPid !== undefined) await endServer(home.serverPid);
  await endContainers(home);
  await removeNetwork(instance, runCommand);
  // Inner ones first; lazily, so that a program that looks at one does not keep the rest.
  for (const mount of (await mountsOf(home)).toReversed()) await runCommand('umount', ['--lazy', mount]);
  await detachLoops(runCommand, (file) => file.startsWith(`${dataDir}/`));
  const left = await mountsOf(home);
  if (left.length > 0) throw new Error(`${left.join(', ')} cannot be unmounted: nothing of ${dataDir} was removed`);
  for (const folder of new Set([volatileOf(home), runDir])) await rm(folder, { recursive: true, force: true });
  await removeGitFolders(instance);
  await rm(join(dataDir, 'disks'), { recursive: true, force: true });
  return keepData ? [] : removeData(dataDir);
}

/** Only what the server has made: a data directory may have been put where other things are. */
async function removeData(dataDir: string): Promise<readonly string[]> {
  if (!existsSync(dataDir)) return [];
  for (const name of ourFiles(readdirSync(dataDir))) await rm(join(dataDir, name), { recursive: true, force: true });
  await rmdir(dataDir).catch(() => undefined);
  return existsSync(dataDir) ? readdirSync(dataDir) : [];
}
