/** What only a trial tells. Each leaves the machine as it was. */

import { mkdir, mkdtemp, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errorMessage } from '../../resources/errors.ts';
import { createDisks } from '../disk/create-disks.ts';
import type { PodDisk } from '../disk/disk.ts';
import { mountsBelow } from '../disk/loop-image.ts';
import { CommandError, type RunCommand } from '../host/run-command.ts';
import { createNetwork } from '../network/create-network.ts';
import { type Check, check } from './check.ts';
import { findOnPath, installCommand } from './programs.ts';
import { tryRuntime } from './runtime-trial.ts';

const overlayMagic = 0x794c7630;
const probeLimitBytes = 8 * 2 ** 20;

/** Best first. */
const runtimes = ['crun', 'runc'];

export function runtimeTrial(run: RunCommand): Check {
  return check('container runtime', async () => {
    const refused: string[] = [];
    for (const name of runtimes) {
      const path = await findOnPath(name);
      if (path === undefined) continue;
      const failure = await tryRuntime(run, path, tmpdir()).then(
        () => undefined,
        (error: unknown) => (error instanceof CommandError ? error.reason : errorMessage(error)),
      );
      if (failure === undefined) return { ok: true, detail: [`${path} works`, ...refused].join('; ') };
      refused.push(`${path} does not: ${shorten(failure)}`);
    }
    const found = refused.length > 0 ? refused.join('; ') : 'neither runc nor crun is installed';
    const detail = (await isMountPoint('/')) ? found : `${found}; ${chrootHint}`;
    return {
      ok: false,
      detail,
      fix: refused.some((text) => text.includes('runc ')) ? undefined : installCommand(['runc']),
    };
  });
}

/** Containers change their root, which the kernel allows only where the old one is a mount point. */
const chrootHint = 'this is a chroot into a plain folder: before entering it, type mount --rbind FOLDER FOLDER';

const isMountPoint = async (path: string): Promise<boolean> => (await mountsBelow(path)).includes(path);

/** A runtime's last complaint, without the frame of a log line. */
function shorten(message: string): string {
  const line = message.trim().split('\n').at(-1) ?? '';
  return line
    .replace(/^.*\bmsg="?/, '')
    .replace(/"$/, '')
    .slice(0, 200);
}

/** The nearest folder that exists: a server that has never run has no data yet. */
export async function existingFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() || path === dirname(path) ? path : existingFolder(dirname(path));
}

/** Which disk provider a server with this data directory chooses, and whether overlays work over it. */
export function diskTrials(run: RunCommand, dataDir: string): readonly Check[] {
  return [
    check('disk limits', () =>
      withProbe(run, dataDir, async ({ kind, warning }) =>
        kind === 'loop-pool'
          ? { ok: true, detail: 'enforced by a pool of loop images (loop-pool)' }
          : { ok: false, optional: true, detail: `${kind}: ${warning}`, fix: 'modprobe loop' },
      ),
    ),
    check('overlayfs', () =>
      withProbe(run, dataDir, async ({ disk, folder }) => {
        await tryOverlay(run, folder, disk.path);
        const nested = (await statfs(folder)).type === overlayMagic;
        const hint = 'the data directory is itself on an overlay: choose KF_HOME on a real file system';
        return nested ? { ok: false, optional: true, detail: `works, but ${hint}` } : { ok: true, detail: 'works' };
      }),
    ),
  ];
}

interface Probe {
  readonly kind: string;
  readonly warning: string;
  readonly folder: string;
  readonly disk: PodDisk;
}

async function withProbe<T>(run: RunCommand, dataDir: string, use: (probe: Probe) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(await existingFolder(dataDir), '.kf-doctor-'));
  let warning = '';
  try {
    const disks = await createDisks({
      dataDir: folder,
      limits: [probeLimitBytes],
      poolSize: 0,
      reserveBytes: 0,
      onWarning: (text) => {
        warning = text;
      },
      run,
    });
    try {
      const disk = await disks.acquire(probeLimitBytes);
      return await use({ kind: disks.kind, warning, folder, disk }).finally(() => disk.release());
    } finally {
      await disks.close();
      await disks.sweep(new Set());
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As a task has it: layers in the data directory below, its own disk above. @throws CommandError */
async function tryOverlay(run: RunCommand, dataFolder: string, disk: string): Promise<void> {
  const [lower, upper, work, merged] = [
    join(dataFolder, 'lower'),
    ...['upper', 'work', 'merged'].map((n) => join(disk, n)),
  ];
  for (const folder of [lower, upper, work, merged]) await mkdir(folder!);
  await writeFile(join(lower, 'below'), '');
  const quote = (path: string): string => path.replace(/[\\:,]/g, '\\$&');
  const options = `lowerdir=${quote(lower)},upperdir=${quote(upper!)},workdir=${quote(work!)}`;
  await run('mount', ['-t', 'overlay', 'overlay', '-o', options, merged!]);
  try {
    await writeFile(join(merged!, 'above'), '');
    const names = await readdir(merged!);
    if (names.sort().join() !== 'above,below') throw new Error(`an overlay shows ${names.join(', ') || 'nothing'}`);
  } finally {
    await run('umount', [merged!]);
  }
}

/** Makes a bridge, its firewall rules and one namespace, beside those of a server that runs. */
export function networkTrial(run: RunCommand): Check {
  return check('network', async () => {
    const warnings: string[] = [];
    const network = await createNetwork({
      instance: 'doctor',
      poolSize: 0,
      run,
      onWarning: (text) => warnings.push(text),
    });
    try {
      const namespace = await network.acquire();
      await namespace.release();
      if (warnings.length > 0) return { ok: false, optional: true, detail: warnings.join('; ') };
      const servers = network.resolvConf.match(/(?<=^nameserver ).*/gm) ?? [];
      return { ok: true, detail: `namespaces and firewall work; names are resolved by ${servers.join(', ')}` };
    } finally {
      await network.close({ all: true });
    }
  });
}
