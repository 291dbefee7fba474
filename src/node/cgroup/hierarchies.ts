/** Which cgroup hierarchies this machine has, read from the texts that the kernel gives. Pure. */

export interface Hierarchy {
  /** Where it is mounted. */
  readonly mountpoint: string;
  /** `memory`, `cpu`, `name=systemd` …; empty for the unified hierarchy. */
  readonly controllers: readonly string[];
  /** This process's own cgroup in it, `/` for the root. */
  readonly ownPath: string;
}

export interface Hierarchies {
  readonly version: 1 | 2;
  /** Version 1 only. */
  readonly v1: readonly Hierarchy[];
  /** The unified hierarchy: always in version 2, in version 1 where the machine is hybrid. */
  readonly unified?: Hierarchy;
}

/** mountinfo writes space, tab, newline and backslash as octal. */
export const unescapeMountinfo = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

interface CgroupMount {
  readonly type: 'cgroup' | 'cgroup2';
  readonly mountpoint: string;
  readonly options: readonly string[];
}

function cgroupMountOf(line: string): CgroupMount | undefined {
  const [before, after] = line.split(' - ');
  const mountpoint = before?.split(' ')[4];
  const [type, , options] = after?.split(' ') ?? [];
  if (mountpoint === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return undefined;
  return { type, mountpoint: unescapeMountinfo(mountpoint), options: options?.split(',') ?? [] };
}

/** Own path by controller name (`memory`, `name=systemd`, and `` for unified), from /proc/self/cgroup. */
function ownPaths(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, ...path] = line.split(':');
    if (controllers === undefined) continue;
    for (const controller of controllers.split(',')) paths.set(controller, path.join(':'));
  }
  return paths;
}

const limits = ['cpu', 'memory', 'pids'];

/** @throws Error when no cgroups are mounted */
export function parseHierarchies(mountinfo: string, ownCgroups: string): Hierarchies {
  const own = ownPaths(ownCgroups);
  const v1: Hierarchy[] = [];
  let unified: Hierarchy | undefined;
  for (const mount of mountinfo.split('\n').map(cgroupMountOf)) {
    if (mount === undefined) continue;
    if (mount.type === 'cgroup2') {
      unified ??= { mountpoint: mount.mountpoint, controllers: [], ownPath: own.get('') ?? '/' };
      continue;
    }
    const controllers = mount.options.filter((option) => own.has(option));
    const first = controllers[0];
    // A hierarchy that is mounted twice is still one hierarchy.
    if (first === undefined || v1.some((other) => other.controllers.includes(first))) continue;
    v1.push({ mountpoint: mount.mountpoint, controllers, ownPath: own.get(first) ?? '/' });
  }
  // `name=systemd` or net_cls alone carry no limits: beside a unified hierarchy the machine is version 2.
  const limiting = v1.some(({ controllers }) => controllers.some((name) => limits.includes(name)));
  if (!limiting && unified === undefined) {
    throw new Error('no cgroups: neither cgroup v2 nor v1 controllers are mounted below /sys/fs/cgroup');
  }
  return { version: limiting ? 1 : 2, v1: limiting ? v1 : [], unified };
}
