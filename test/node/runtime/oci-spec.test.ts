import { expect, test } from 'vitest';
import { type ContainerSpecInput, containerSpec, rlimitsWithin } from '../../../src/node/runtime/oci-spec.ts';

const input: ContainerSpecInput = {
  hostname: 'task',
  rootfs: { path: '/skeleton', readonly: true, mounts: [{ destination: '/usr', type: 'bind', source: '/usr' }] },
  volumes: [{ destination: '/v', type: 'bind', source: '/s' }],
  init: '/usr/bin/catatonit',
  args: ['/bin/sh', '-c', 'true'],
  env: ['A=1'],
  cwd: '/home/vcap/app',
  user: { uid: 2000, gid: 2000 },
  networkNamespace: '/run/netns/x',
  cgroupsPath: '/kf-x/y',
  memoryBytes: 2 ** 30,
  limitsSwap: true,
  cpuRequest: 0.1,
  pidsLimit: 1024,
  rlimits: [],
  architecture: 'x64',
};

test('an unprivileged process in namespaces of its own, behind an init', () => {
  const { process, linux, root } = containerSpec(input);
  expect(process.args).toEqual(['/.kf-init', '-g', '--', '/bin/sh', '-c', 'true']);
  expect(process.noNewPrivileges).toBe(true);
  expect(Object.values(process.capabilities).flat()).toEqual([]);
  expect(linux.namespaces.map(({ type }) => type).sort()).toEqual(['cgroup', 'ipc', 'mount', 'network', 'pid', 'uts']);
  expect(linux.namespaces.find(({ type }) => type === 'network')?.path).toBe('/run/netns/x');
  expect(root.readonly).toBe(true);
});

test('memory with swap, CPU as a weight', () => {
  const { resources } = containerSpec(input).linux;
  expect(resources.memory).toEqual({ limit: 2 ** 30, swap: 2 ** 30 });
  expect(resources.cpu).toEqual({ shares: 102 });
  expect(resources.pids.limit).toBe(1024);
});

test('without swap accounting, with a CPU limit', () => {
  const { resources } = containerSpec({ ...input, limitsSwap: false, cpuLimit: 0.5, cpuRequest: 0 }).linux;
  expect(resources.memory).toEqual({ limit: 2 ** 30 });
  expect(resources.cpu).toEqual({ shares: 2, period: 100_000, quota: 50_000 });
});

test('root inside has few capabilities, none that reaches outside', () => {
  const { bounding, ambient } = containerSpec({ ...input, user: { uid: 0, gid: 0 } }).process.capabilities;
  expect(bounding).toContain('CAP_CHOWN');
  for (const dangerous of [
    'CAP_SYS_ADMIN',
    'CAP_NET_RAW',
    'CAP_NET_ADMIN',
    'CAP_MKNOD',
    'CAP_SYS_PTRACE',
    'CAP_SYS_MODULE',
  ])
    expect(bounding).not.toContain(dangerous);
  expect(ambient).toEqual([]);
});

test('volumes come after the root file system’s mounts', () => {
  const points = containerSpec(input).mounts.map(({ destination }) => destination);
  expect(points.indexOf('/v')).toBeGreaterThan(points.indexOf('/usr'));
  expect(points.indexOf('/usr')).toBeGreaterThan(points.indexOf('/proc'));
});

test('the filter refuses by default', () => {
  const { seccomp } = containerSpec(input).linux;
  expect(seccomp.defaultAction).toBe('SCMP_ACT_ERRNO');
  const [unconditional] = seccomp.syscalls;
  for (const call of [
    'mount',
    'unshare',
    'setns',
    'bpf',
    'keyctl',
    'init_module',
    'kexec_load',
    'reboot',
    'clone',
    'io_uring_setup',
    'userfaultfd',
    'perf_event_open',
    'open_by_handle_at',
  ])
    expect(unconditional?.names).not.toContain(call);
  for (const call of ['read', 'execve', 'statx', 'openat2', 'rseq', 'futex'])
    expect(unconditional?.names).toContain(call);
});

test('never more open files than the server itself may have', () => {
  const limits = (hard: string): string =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 ${hard}              files\n`;
  const files = (hard: string) => rlimitsWithin(limits(hard)).find(({ type }) => type === 'RLIMIT_NOFILE');
  expect(files('20000')).toEqual({ type: 'RLIMIT_NOFILE', soft: 20_000, hard: 20_000 });
  expect(files('unlimited')).toEqual({ type: 'RLIMIT_NOFILE', soft: 65_536, hard: 1_048_576 });
});
