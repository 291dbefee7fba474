/** Writes a container's config.json. Pure. */

import { capabilityName } from '../../resources/core/pod-unsupported.ts';
import type { OciMount, OciRlimit, OciSpec, OciUser } from './oci.ts';
import { seccompProfile } from './seccomp.ts';

export interface ContainerSpecInput {
  readonly hostname: string;
  readonly rootfs: {
    readonly path: string;
    /** Mounted over `path`, below everything else. */
    readonly overlay?: OciMount;
    readonly readonly: boolean;
    readonly mounts: readonly OciMount[];
    /** Root inside is `hostId` outside, and may make mounts and namespaces within. */
    readonly userNamespace?: { readonly hostId: number; readonly size: number };
  };
  /** Mounts that come after the root file system's: volumes. */
  readonly volumes: readonly OciMount[];
  /** Path on the host of the init that becomes PID 1. */
  readonly init: string;
  readonly args: readonly string[];
  /** `NAME=value` */
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: OciUser;
  /** What root gets more or less than usual; names as in Kubernetes, checked before. */
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly networkNamespace: string;
  readonly cgroupsPath: string;
  readonly memoryBytes?: number;
  readonly limitsSwap: boolean;
  /** Cores; a weight against other containers. */
  readonly cpuRequest: number;
  /** Cores; a hard cap. */
  readonly cpuLimit?: number;
  readonly pidsLimit: number;
  readonly rlimits: readonly OciRlimit[];
  /** As `process.arch`. */
  readonly architecture: string;
}

/** Where the init lies inside. */
export const initPath = '/.kf-init';

/** What root inside may do; anyone else may do none of it. */
const rootCapabilities = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  // Servers lock their unprivileged part in, as sshd does.
  'CAP_SYS_CHROOT',
];

/**
 * What root may do beside that in a user namespace of its own, where all of it ends at what that namespace owns. (Devices
 * nobody makes there; skopeo wants to be asked.)
 */
const nestedCapabilities = [...rootCapabilities, 'CAP_MKNOD', 'CAP_SYS_ADMIN'];

const hidden = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

/** In a user namespace /sys is the machine's own, which names the machine's links. */
const hiddenInNested = ['/sys/class/net', '/sys/devices/virtual/net'];

const readOnly = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Microseconds over which a CPU quota is counted. */
const cpuPeriod = 100_000;

export function containerSpec(input: ContainerSpecInput): OciSpec {
  const { userNamespace } = input.rootfs;
  const ofRoot = userNamespace === undefined ? rootCapabilities : nestedCapabilities;
  const capabilities = input.user.uid === 0 ? changed(ofRoot, input.capabilities) : [];
  return {
    ociVersion: '1.0.2',
    hostname: input.hostname,
    root: { path: input.rootfs.path, readonly: input.rootfs.readonly },
    mounts: [
      ...(input.rootfs.overlay === undefined ? [] : [input.rootfs.overlay]),
      ...(userNamespace === undefined ? [...kernelMounts, sysfs] : [...kernelMounts, ...nestedSysfs]),
      { destination: initPath, type: 'bind', source: input.init, options: ['bind', 'ro', 'nosuid', 'nodev'] },
      ...input.rootfs.mounts,
      ...input.volumes,
    ],
    process: {
      terminal: false,
      user: input.user,
      // -g: signals go to the command's whole process group.
      args: [initPath, '-g', '--', ...input.args],
      env: input.env,
      cwd: input.cwd,
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
        inheritable: [],
        ambient: [],
      },
      rlimits: input.rlimits,
      noNewPrivileges: true,
      // When the machine itself runs out of memory a task goes before the server does.
      oomScoreAdj: 500,
    },
    linux: {
      namespaces: [
        { type: 'pid' },
        { type: 'mount' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'cgroup' },
        ...(userNamespace === undefined ? [] : [{ type: 'user' }]),
        { type: 'network', path: input.networkNamespace },
      ],
      ...(userNamespace === undefined ? {} : idMappings(userNamespace)),
      cgroupsPath: input.cgroupsPath,
      resources: resources(input),
      seccomp: seccompProfile(input.architecture, {
        nested: userNamespace !== undefined,
        chroot: capabilities.includes('CAP_SYS_CHROOT'),
      }),
      maskedPaths: userNamespace === undefined ? hidden : [...hidden, ...hiddenInNested],
      readonlyPaths: readOnly,
    },
  };
}

function changed(
  usual: readonly string[],
  { add = [], drop = [] }: NonNullable<ContainerSpecInput['capabilities']> = {},
): readonly string[] {
  const full = (name: string): string => `CAP_${capabilityName(name)}`;
  const dropped = new Set(drop.map(full));
  const kept = dropped.has('CAP_ALL') ? [] : usual.filter((name) => !dropped.has(name));
  return [...new Set([...kept, ...add.map(full)])];
}

function idMappings({ hostId, size }: { readonly hostId: number; readonly size: number }) {
  const mappings = [{ containerID: 0, hostID: hostId, size }];
  return { uidMappings: mappings, gidMappings: mappings };
}

function resources(input: ContainerSpecInput): OciSpec['linux']['resources'] {
  const { memoryBytes, cpuLimit } = input;
  return {
    devices: [{ allow: false, access: 'rwm' }],
    ...(memoryBytes === undefined
      ? {}
      : { memory: { limit: memoryBytes, ...(input.limitsSwap ? { swap: memoryBytes } : {}) } }),
    cpu: {
      shares: Math.max(2, Math.round(input.cpuRequest * 1024)),
      ...(cpuLimit === undefined ? {} : { period: cpuPeriod, quota: Math.max(1000, Math.round(cpuLimit * cpuPeriod)) }),
    },
    pids: { limit: input.pidsLimit },
  };
}

const kernelMounts: readonly OciMount[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'noexec', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777'] },
];

const sysfs: OciMount = {
  destination: '/sys',
  type: 'sysfs',
  source: 'sysfs',
  options: ['nosuid', 'noexec', 'nodev', 'ro'],
};

/**
 * A new sysfs belongs to whoever owns the network namespace, so a user namespace sees the machine's; of its cgroups the
 * container's own alone, which a runtime inside looks at.
 */
const nestedSysfs: readonly OciMount[] = [
  { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', 'nosuid', 'noexec', 'nodev', 'ro'] },
  { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
];

/** Open files that a process may raise its own limit to. */
const wantedFiles = 1_048_576;
/** What a process may open unless it asks for more: programs that close every possible descriptor stay fast. */
const usualFiles = 65_536;

/** Never above the server's own hard limit: raising it needs a right that the server may lack. @param limits text of /proc/self/limits */
export function rlimitsWithin(limits: string): readonly OciRlimit[] {
  const hard = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(limits)?.[1];
  const most = hard === undefined || hard === 'unlimited' ? wantedFiles : Math.min(Number(hard), wantedFiles);
  return [
    { type: 'RLIMIT_NOFILE', soft: Math.min(most, usualFiles), hard: most },
    { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
  ];
}
