/** The reference chain (`chain.sh`) over a bundle like ours: taken from a container that our server is running. */

import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findPrograms } from '../../src/node/runtime/find-programs.ts';
import type { OciMount, OciSpec } from '../../src/node/runtime/oci.ts';
import { allHierarchies } from './cgroups.ts';
import type { CpuAccount } from './cpu-account.ts';
import { outputOf, succeed } from './processes.ts';
import { type BenchServer, root } from './server.ts';
import { awaitFinal, awaitRunning, createTask } from './tasks.ts';
import type { Workspace } from './workspace.ts';

/** Microseconds, per container. */
export interface ChainRun {
  readonly toExit: readonly number[];
  readonly toRelease: readonly number[];
  readonly total: number;
}

const mostParallel = 8;

export class Chain {
  private constructor(
    readonly folder: string,
    readonly runtime: string,
    /** Cgroup of its containers. */
    readonly cgroup: string,
    readonly cpu: CpuAccount,
  ) {}

  /** Prepares it from a Task of `app` that it runs on `server` for that. */
  static async prepare(workspace: Workspace, server: BenchServer, app: string, cpu: CpuAccount): Promise<Chain> {
    const folder = await workspace.make('chain');
    const cgroup = `kf-bench-chain-${process.pid}`;
    workspace.onEnd(() => removeCgroups(cgroup));
    const { spec, lower } = await specOf(server, app, folder, cgroup);
    const { runtime, conmon } = await programsOf(server);
    await writeFile(join(folder, 'config.json'), JSON.stringify(spec));
    await writeFile(join(folder, 'lower'), `${lower}\n`);
    await writeFile(join(folder, 'env'), `RUNTIME=${runtime}\nCONMON=${conmon}\n`);
    await writeFile(join(folder, 'namespaces'), `${(await makeNamespaces(workspace)).join('\n')}\n`);
    return new Chain(folder, runtime, cgroup, cpu);
  }

  /** @param plain the runtime's `run` alone */
  async run(count: number, parallel: number, plain = false): Promise<ChainRun> {
    const script = [join(root, 'bench/chain.sh'), this.folder, `${count}`, `${parallel}`, plain ? 'plain' : 'chain'];
    const [program = '', ...args] = this.cpu.wrap(['bash', ...script]);
    const lines = (await succeed(program, args, process.env, this.folder)).stdout.trim().split('\n');
    const pairs = lines.slice(0, -1).map((line) => line.split(' ').map(Number));
    return {
      toExit: pairs.map(([exit]) => exit ?? Number.NaN),
      toRelease: pairs.map(([, release]) => release ?? Number.NaN),
      total: Number(lines.at(-1)?.split(' ')[1]),
    };
  }

  cpuMilliseconds(): number {
    return this.cpu.used(this.cgroup);
  }
}

/** The same that the server has chosen by the time it runs a Task. */
async function programsOf(server: BenchServer): Promise<{ runtime: string; conmon: string }> {
  const { runtime } = JSON.parse(await readFile(join(server.layout.data, 'runtime.json'), 'utf8')) as {
    runtime: string;
  };
  return { runtime, conmon: findPrograms().conmon };
}

/**
 * Our own config.json, less what only a server like ours needs: the home's overlay becomes the one overlay at the
 * root, so everything that is written goes there; files made for the Pod become copies.
 */
async function specOf(server: BenchServer, app: string, folder: string, cgroup: string) {
  const waiting = await createTask(server, app, { command: 'while [ ! -e /tmp/end ]; do sleep 0.05; done' });
  await awaitRunning(server, waiting);
  const ours = await runningSpec(server);
  const home = ours.mounts.find((mount) => mount.type === 'overlay');
  const layers = home?.options?.find((option) => option.startsWith('lowerdir='))?.slice('lowerdir='.length) ?? '';
  const lower = layersAtRoot(layers, ours.root.path, home?.destination ?? '');
  const etc = join(folder, 'etc');
  await mkdir(etc);
  const mounts: OciMount[] = [];
  for (const mount of ours.mounts) {
    if (mount === home) continue;
    if (mount.source?.startsWith(server.layout.pods)) {
      const copy = join(etc, basename(mount.destination));
      await cp(mount.source, copy);
      mounts.push({ ...mount, source: copy });
    } else if (mount.destination === '/tmp') mounts.push({ ...mount, source: '@DIR@/tmp' });
    else if (mount.destination === '/var/tmp') mounts.push({ ...mount, source: '@DIR@/vartmp' });
    else mounts.push(mount);
  }
  await writeFile(join(tmpOf(ours), 'end'), '');
  await awaitFinal(server, waiting);
  const args = ours.process.args.map((arg) => (arg.includes('/tmp/end') ? 'echo hi' : arg));
  const namespaces = ours.linux.namespaces.map((namespace) =>
    namespace.type === 'network' ? { ...namespace, path: '@NETNS@' } : namespace,
  );
  const spec = {
    ...ours,
    root: { path: '@DIR@/rootfs', readonly: false },
    process: { ...ours.process, args },
    mounts,
    linux: { ...ours.linux, namespaces, cgroupsPath: `/${cgroup}/@ID@` },
  };
  return { spec, lower };
}

/** The lower folders of the home as folders of the root: every layer is rooted at `/`. */
const layersAtRoot = (layers: string, skeleton: string, home: string): string =>
  [...layers.split(':').map((layer) => layer.slice(0, -home.length)), skeleton]
    .filter((layer, index, all) => layer !== '' && all.indexOf(layer) === index)
    .join(':');

const tmpOf = (spec: OciSpec): string => spec.mounts.find(({ destination }) => destination === '/tmp')!.source!;

/** Of the only container that runs. */
async function runningSpec({ layout }: BenchServer): Promise<OciSpec> {
  for (const pod of readdirSync(layout.pods))
    for (const container of readdirSync(join(layout.pods, pod))) {
      try {
        return JSON.parse(readFileSync(join(layout.pods, pod, container, 'config.json'), 'utf8')) as OciSpec;
      } catch {
        // Another folder of the Pod.
      }
    }
  throw new Error('no running container has a config.json');
}

/** One for each container that runs at a time; like ours but unconnected, since the command needs no network. */
async function makeNamespaces(workspace: Workspace): Promise<string[]> {
  const names = Array.from({ length: mostParallel }, (_, index) => `kf-bench-${process.pid}-${index}`);
  for (const name of names) {
    await succeed('ip', ['netns', 'add', name], process.env);
    workspace.onEnd(async () => void (await outputOf('ip', ['netns', 'delete', name])));
  }
  return names.map((name) => `/run/netns/${name}`);
}

/** The runtime removes the containers' own, not the one above them. */
function removeCgroups(name: string): void {
  for (const { mountpoint } of allHierarchies()) removeFolder(join(mountpoint, name));
}

function removeFolder(path: string): void {
  if (existsSync(path)) rmdirSync(path);
}
