import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { detectCgroups } from '../../src/node/cgroup/cgroup.ts';
import type { CheckResult } from '../../src/node/doctor/check.ts';
import { checks, diagnose } from '../../src/node/doctor/checks.ts';
import { CommandError, runCommand as run } from '../../src/node/host/run-command.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await realpath(await mkdtemp(join(tmpdir(), 'kf doctor ')));
});
afterEach(() => rm(dataDir, { recursive: true }));

/** What the trials could leave behind. */
async function traces() {
  const [links, rules, mounts, loops] = await Promise.all([
    run('ip', ['-brief', 'link']),
    run('iptables-save', []),
    readFile('/proc/self/mountinfo', 'utf8'),
    run('losetup', ['--list']),
  ]);
  const ours = [links, rules, mounts, loops].flatMap((text) => text.split('\n')).filter((line) => /doctor/i.test(line));
  return [
    ...ours,
    ...(await detectCgroups({ instance: `doctor-${process.pid}` }).leftovers()),
    ...(await readdir(dataDir)),
  ];
}

const outcomeOf = async (name: string, runner = run) => {
  const all = await checks({ dataDir, run: runner });
  return all.find((one) => one.name === name)!.run();
};

it('finds a machine on which these tests run healthy, and leaves nothing on it', async () => {
  const results: CheckResult[] = [];
  for await (const result of diagnose({ dataDir: join(dataDir, 'not', 'yet') })) results.push(result);
  expect(results.filter(({ ok, optional }) => !ok && !optional)).toEqual([]);
  const detail = (name: string) => results.find((result) => result.name === name)?.detail;
  expect(detail('container runtime')).toMatch(/(runc|crun) works/);
  expect(detail('disk limits')).toMatch(/^enforced by/);
  expect(await traces()).toEqual([]);
});

/** As systemd mounts /tmp: Debian's from 13 on. */
it('tries the runtime where temporary files lie in memory, without devices', () => {
  const doctor = [process.execPath, fileURLToPath(new URL('../../bin/kf', import.meta.url)), 'doctor', '-o', 'yaml'];
  const script = 'mount -t tmpfs -o nosuid,nodev tmpfs "$TMPDIR" && exec "$@"';
  const { stdout } = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh', ...doctor],
    {
      encoding: 'utf8',
      env: { ...process.env, KF_HOME: join(dataDir, 'home'), TMPDIR: dataDir },
    },
  );
  const results = parse(stdout) as readonly CheckResult[];
  expect(results.find(({ name }) => name === 'container runtime')).toMatchObject({ ok: true });
});

it('tells a runtime that is installed from one that works', async () => {
  const outcome = await outcomeOf('container runtime', (command, args, options) =>
    /crun$|runc$/.test(command) && args.includes('run')
      ? Promise.reject(
          new CommandError(command, args, 'exit code 1: time="now" level=error msg="no cgroups for you"', 1),
        )
      : run(command, args, options),
  );
  expect(outcome.ok).toBe(false);
  expect(outcome.detail).toContain('runc does not: no cgroups for you');
  expect(await traces()).toEqual([]);
});

it('says how disk limits are lost, and that the server works without', async () => {
  const outcome = await outcomeOf('disk limits', (command, args, options) =>
    command === 'mount' && args.some((argument) => argument.startsWith('loop'))
      ? Promise.reject(new CommandError(command, args, 'failed to setup loop device', 32))
      : run(command, args, options),
  );
  expect(outcome).toMatchObject({ ok: false, optional: true, fix: 'modprobe loop' });
  expect(outcome.detail).toContain('failed to setup loop device');
});

it('notices a data directory on an overlay', async () => {
  // A tmpfs below, since an overlay cannot lie on every file system.
  const base = join(dataDir, 'base');
  await run('mkdir', [base]);
  await run('mount', ['-t', 'tmpfs', 'tmpfs', base]);
  try {
    const folders = ['lower', 'upper', 'work', 'merged'].map((name) => join(base, name));
    await run('mkdir', folders);
    const [lower, upper, work, merged] = folders;
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    await run('mount', ['-t', 'overlay', 'overlay', '-o', options, merged!]);
    try {
      const check = (await checks({ dataDir: merged! })).find(({ name }) => name === 'overlayfs')!;
      expect(await check.run()).toMatchObject({ ok: false, optional: true });
    } finally {
      await run('umount', [merged!]);
    }
  } finally {
    await run('umount', [base]);
    await rm(base, { recursive: true });
  }
});

it('says that overlays do not work when they do not', async () => {
  const outcome = await outcomeOf('overlayfs', (command, args, options) =>
    command === 'mount' && args.includes('overlay')
      ? Promise.reject(new CommandError(command, args, "unknown filesystem type 'overlay'", 32))
      : run(command, args, options),
  );
  expect(outcome).toMatchObject({ ok: false });
  expect(outcome.detail).toContain("unknown filesystem type 'overlay'");
});

/** As a container without rights has it: no capability beyond the usual ones, no devices, the kernel's files read-only. */
const unprivileged = `
mount -t tmpfs tmpfs /dev
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/urandom c 1 9
for path in $(awk '$5 ~ "^/sys/fs/cgroup" { print $5 }' /proc/self/mountinfo | sort -r); do
  mount -o remount,bind,ro "$path"
done
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
exec setpriv --bounding-set=-sys_admin,-net_admin,-mknod,-kill --inh-caps=-all "$@"`;

it('names each thing that a container without rights lacks, with the way out, and tries nothing', async () => {
  const home = join(dataDir, 'home');
  const doctor = [process.execPath, fileURLToPath(new URL('../../bin/kf', import.meta.url)), 'doctor', '-o', 'yaml'];
  const { status, stdout } = spawnSync(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-ec', unprivileged, 'sh', ...doctor],
    { encoding: 'utf8', env: { ...process.env, KF_HOME: home } },
  );
  expect(status).toBe(1);
  const results = parse(stdout) as readonly CheckResult[];
  const result = (name: string) => results.find((one) => one.name === name);
  expect(result('capabilities')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/CAP_SYS_ADMIN .*CAP_NET_ADMIN .*CAP_KILL/),
    advice: expect.stringContaining('--privileged'),
  });
  expect(result('cgroup files')).toMatchObject({ ok: false, detail: expect.stringContaining('/sys/fs/cgroup') });
  expect(result('/proc/sys')).toMatchObject({ ok: false, detail: expect.stringContaining('ip_forward') });
  expect(result('loop devices')).toMatchObject({ ok: false, advice: expect.stringContaining('modprobe loop') });
  expect(result('container runtime')?.detail).toBe('not tried; first: capabilities, cgroup files');
  expect(await traces()).toEqual([]);
});
