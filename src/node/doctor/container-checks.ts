/** What root lacks in a container that was not given it: each missing piece by its name, with the way out. */

import { access, constants, readFile } from 'node:fs/promises';
import { readHierarchies } from '../cgroup/cgroup.ts';
import { type Check, check } from './check.ts';

/** Without which a task does not run or end, each tried; by their bit in linux/capability.h. */
const capabilities: readonly (readonly [bit: number, name: string, purpose: string])[] = [
  [21, 'CAP_SYS_ADMIN', 'mounts and namespaces'],
  [12, 'CAP_NET_ADMIN', 'the bridge and the firewall'],
  [7, 'CAP_SETUID', 'tasks of another user'],
  [6, 'CAP_SETGID', 'tasks of another user'],
  [0, 'CAP_CHOWN', 'files of tasks'],
  [1, 'CAP_DAC_OVERRIDE', 'files of tasks'],
  [3, 'CAP_FOWNER', 'files of tasks'],
  [5, 'CAP_KILL', 'ending tasks'],
];

const wayOut =
  'This seems to be a container that may not run containers. Start it privileged (docker or podman run --privileged, ' +
  'privileged = true of a GitLab runner, securityContext.privileged of a Pod), or use a machine of its own.';

export const capabilityCheck = (): Check =>
  check('capabilities', async () => {
    const status = await readFile('/proc/self/status', 'utf8');
    const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(status) ?? [];
    const missing = capabilities.filter(([bit]) => ((BigInt(`0x${effective}`) >> BigInt(bit)) & 1n) === 0n);
    if (missing.length === 0) return { ok: true, detail: 'all that are needed' };
    const named = missing.map(([, name, purpose]) => `${name} (${purpose})`).join(', ');
    return { ok: false, detail: `missing: ${named}`, advice: wayOut };
  });

/** Limits are written there. */
export const cgroupWriteCheck: Check = check('cgroup files', async () => {
  const { v1, unified } = readHierarchies();
  const mounts = [...v1, ...(unified === undefined ? [] : [unified])].map(({ mountpoint }) => mountpoint);
  if (mounts.length === 0)
    return { ok: false, detail: 'no cgroup file system is mounted in /sys/fs/cgroup', advice: wayOut };
  const readOnly = await filter(mounts, isUnwritable);
  if (readOnly.length === 0) return { ok: true, detail: 'can be written' };
  const more = readOnly.length > 2 ? ` and ${readOnly.length - 2} more` : '';
  return { ok: false, detail: `cannot be written: ${readOnly.slice(0, 2).join(', ')}${more}`, advice: wayOut };
});

/** Packets of tasks are forwarded by these. */
export const networkSettingsCheck: Check = check('/proc/sys', async () => {
  const path = '/proc/sys/net/ipv4/ip_forward';
  if (!(await isUnwritable(path))) return { ok: true, detail: 'can be written' };
  // Where it is on already nothing has to be written.
  const isOn = (await readFile(path, 'utf8').catch(() => '')).trim() === '1';
  return { ok: false, optional: isOn, detail: `${path} cannot be written`, advice: wayOut };
});

export const loopCheck: Check = check('loop devices', async () => {
  const path = '/dev/loop-control';
  if (!(await isUnwritable(path))) return { ok: true, detail: path };
  return {
    ok: false,
    optional: true,
    detail: `${path} is missing: disk limits of tasks are not kept`,
    advice:
      'Loop devices: modprobe loop, on the host; a container has them when it is privileged, or with --device /dev/loop-control --device /dev/loop0 …',
    fix: 'modprobe loop',
  };
});

/** What nothing can be run without. @throws Error naming it; the way out is said by `kf doctor` */
export async function requireRights(): Promise<void> {
  const outcomes = await Promise.all(
    [capabilityCheck(), cgroupWriteCheck].map(async ({ name, run }) => ({ name, ...(await run()) })),
  );
  const lacking = outcomes.filter(({ ok }) => !ok).map(({ name, detail }) => `${name} ${detail}`);
  if (lacking.length > 0) throw new Error(lacking.join('; '));
}

/** A trial that is left out, by the names of what it takes, while that is missing. */
export function after(needs: readonly Check[], { name, run }: Check): Check {
  return {
    name,
    run: async () => {
      const lacking = await filter(needs, async (need) => {
        const { ok, optional = false } = await need.run();
        return !ok && !optional;
      });
      if (lacking.length === 0) return run();
      return { ok: false, detail: `not tried; first: ${lacking.map((need) => need.name).join(', ')}` };
    },
  };
}

const isUnwritable = (path: string): Promise<boolean> =>
  access(path, constants.W_OK).then(
    () => false,
    () => true,
  );

async function filter<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<readonly T[]> {
  const kept = await Promise.all(items.map(test));
  return items.filter((_, index) => kept[index]);
}
