/** Whether an OCI runtime really runs a container here: some refuse a machine that others take. */

import { lstat, mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cgroups, detectCgroups } from '../cgroup/cgroup.ts';
import type { RunCommand } from '../host/run-command.ts';

/** Begins the name of a trial's folder, also of one that was cut short. */
export const trialPrefix = 'kf-doctor-';
/** What a program needs that is linked dynamically. */
const systemFolders = ['usr', 'bin', 'lib', 'lib64'];

/**
 * Runs `/bin/true` with everything a task's container has: namespaces, limits, a seccomp filter, no new privileges.
 * @param place where its files are put for the moment
 * @throws Error in the runtime's own words
 */
export async function tryRuntime(run: RunCommand, runtime: string, place: string): Promise<void> {
  // Servers that start and a doctor may try at the same time.
  const cgroups = detectCgroups({ instance: `doctor-${process.pid}` });
  const folder = await mkdtemp(join(place, trialPrefix));
  const id = `kf-doctor-${process.pid}`;
  const tidy = async (): Promise<void> => {
    await run(runtime, ['--root', join(folder, 'state'), 'delete', '--force', id]).catch(() => {});
    await rm(folder, { recursive: true, force: true });
    await cgroups.removeAll();
  };
  try {
    const mounts = await prepareRoot(join(folder, 'rootfs'));
    await writeFile(join(folder, 'config.json'), JSON.stringify(specification(cgroups, id, mounts)));
    await run(runtime, ['--root', join(folder, 'state'), 'run', '--bundle', folder, id]);
  } catch (error) {
    // Why it failed is the news, not what could not be tidied up for the same reason.
    await tidy().catch(() => {});
    throw error;
  }
  await tidy();
}

/** The host's folders to bind; what is a link there is a link here. */
async function prepareRoot(root: string): Promise<readonly string[]> {
  await mkdir(root, { mode: 0o755 });
  const bound: string[] = [];
  for (const name of systemFolders) {
    const found = await lstat(join('/', name)).catch(() => undefined);
    if (found?.isSymbolicLink()) await symlink(await readlink(join('/', name)), join(root, name));
    else if (found?.isDirectory()) {
      await mkdir(join(root, name));
      bound.push(`/${name}`);
    }
  }
  // crun opens /dev, whatever is mounted there.
  for (const name of ['proc', 'dev']) await mkdir(join(root, name));
  return bound;
}

const specification = (cgroups: Cgroups, id: string, bound: readonly string[]) => ({
  ociVersion: '1.0.2',
  process: {
    user: { uid: 65534, gid: 65534 },
    args: ['/bin/true'],
    cwd: '/',
    env: ['PATH=/usr/bin:/bin'],
    noNewPrivileges: true,
    capabilities: {},
  },
  root: { path: 'rootfs', readonly: true },
  hostname: 'doctor',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    // As a task has it: devices can be made in the folder below only where that is mounted with them, and /tmp often is not.
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=64k'] },
    ...bound.map((path) => ({ destination: path, source: path, type: 'bind', options: ['rbind', 'ro'] })),
  ],
  linux: {
    cgroupsPath: cgroups.containerPath(id),
    namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
    resources: { memory: { limit: 64 * 2 ** 20 }, pids: { limit: 64 }, cpu: { shares: 128 } },
    seccomp: {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_ERRNO' }],
    },
  },
});
