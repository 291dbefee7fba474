/** What can be told by looking, without trying. */

import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../files/exists.ts';
import { readHierarchies } from '../cgroup/cgroup.ts';
import { defaultReserve } from '../disk/reserve.ts';
import { isInChroot } from '../host/chroot.ts';
import { type Check, check } from './check.ts';

const gibibyte = 2 ** 30;
const oldestNode = [20, 19] as const;
/** Each task takes a few descriptors, and each client of the API one. */
const fewestOpenFiles = 8_192;

export const rootCheck: Check = check('root', async () => {
  const root = process.geteuid?.() === 0;
  return { ok: root, detail: root ? 'runs as root' : 'the server needs root; type: sudo kf doctor' };
});

/** `version` is Node's own, without the `v`. */
export const nodeCheck = (version = process.versions.node): Check =>
  check('Node.js', async () => {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const ok = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
    const wanted = ok ? '' : `; ${oldestNode.join('.')} or newer is needed: https://nodejs.org/en/download`;
    return { ok, detail: `${process.execPath}, v${version}${wanted}` };
  });

export const cgroupCheck: Check = check('cgroups', async () => {
  const { version, v1, unified } = readHierarchies();
  const available =
    version === 1
      ? v1.flatMap(({ controllers }) => controllers)
      : (await readFile(join(unified?.mountpoint ?? '', 'cgroup.controllers'), 'utf8')).trim().split(' ');
  const wanted = version === 1 ? ['memory', 'cpu', 'cpuacct', 'pids', 'freezer', 'devices'] : ['memory', 'cpu', 'pids'];
  const missing = wanted.filter((controller) => !available.includes(controller));
  const kind = version === 1 && unified ? 'version 1 with a unified hierarchy' : `version ${version}`;
  if (missing.length === 0) return { ok: true, detail: kind };
  return { ok: false, detail: `${kind} lacks the controllers ${missing.join(', ')}: limits of tasks cannot be kept` };
});

export const seccompCheck: Check = check('seccomp', async () => {
  const ok = await exists('/proc/sys/kernel/seccomp/actions_avail');
  return { ok, detail: ok ? 'available' : 'this kernel was built without CONFIG_SECCOMP_FILTER' };
});

/** Only builds of Dockerfiles need them. */
export const userNamespaceCheck: Check = check('user namespaces', async () => {
  const most = await readFile('/proc/sys/user/max_user_namespaces', 'utf8').catch(() => '0');
  if (Number(most) === 0) {
    const detail = 'this kernel gives none: Dockerfiles are not built';
    return { ok: false, optional: true, detail, fix: 'sysctl user.max_user_namespaces=10000' };
  }
  const ok = !(await isInChroot().catch(() => false));
  return { ok, optional: true, detail: ok ? 'available' : 'none in a chroot: Dockerfiles are not built' };
});

export const spaceCheck = (folder: string): Check =>
  check('free space', async () => {
    const { blocks, bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const reserve = defaultReserve(blocks * bsize);
    const show = (bytes: number): string => `${(bytes / gibibyte).toFixed(1)} GiB`;
    const detail = `${show(free)} free, ${show(reserve)} of that are never promised to tasks`;
    const ok = free - reserve >= gibibyte;
    return { ok, detail: ok ? detail : `${detail}: a task with the default limit of 1 GiB does not start` };
  });

export const openFilesCheck: Check = check('open files', async () => {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const [, hard = '0'] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  const ok = hard === 'unlimited' || Number(hard) >= fewestOpenFiles;
  return {
    ok,
    optional: true,
    detail: ok
      ? `at most ${hard}`
      : `at most ${hard}; with many tasks at once starts may fail (LimitNOFILE, ulimit -n)`,
  };
});
