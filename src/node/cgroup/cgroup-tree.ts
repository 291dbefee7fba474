/** The instance's part of the cgroup tree, `kf-<instance>/…`, over every hierarchy in which it may exist. */

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../../resources/errors.ts';
import type { Hierarchies, Hierarchy } from './hierarchies.ts';

const monitors = 'monitors';
const stepMilliseconds = 5;
/** What a container's limits need; others are left to the machine's owner. */
const wanted = ['cpu', 'memory', 'pids', 'cpuset', 'io'];

export class CgroupTree {
  readonly parent: string;
  readonly monitorProcsFiles: readonly string[];
  readonly #hierarchies: Hierarchies;
  readonly #roots: readonly string[];
  readonly #monitorHierarchies: readonly Hierarchy[];
  readonly #patience: number;

  constructor(hierarchies: Hierarchies, parent: string, patienceMilliseconds: number) {
    this.#patience = patienceMilliseconds;
    this.parent = parent;
    this.#hierarchies = hierarchies;
    const all = [...(hierarchies.unified ? [hierarchies.unified] : []), ...hierarchies.v1];
    this.#roots = all.map((hierarchy) => hierarchy.mountpoint);
    // In a hierarchy's root nobody stops or limits the server, nor then its monitors.
    this.#monitorHierarchies = all.filter((hierarchy) => hierarchy.ownPath !== '/');
    this.monitorProcsFiles = this.#monitorHierarchies.map(({ mountpoint }) =>
      join(mountpoint, parent, monitors, 'cgroup.procs'),
    );
  }

  /** Relative to a hierarchy's root. @throws RangeError for what would lead elsewhere */
  path(id: string): string {
    if (id === '' || id === '.' || id === '..' || id.includes('/'))
      throw new RangeError(`${JSON.stringify(id)} is no name of a cgroup`);
    return join(this.parent, id);
  }

  async prepare(): Promise<void> {
    if (this.#hierarchies.version === 2) await this.#enableControllers();
    for (const { mountpoint, controllers } of this.#monitorHierarchies) {
      const path = join(mountpoint, this.parent, monitors);
      await mkdir(path, { recursive: true });
      if (controllers.includes('cpuset')) await this.#copyCpuset(mountpoint);
    }
  }

  /** Version 2 gives a cgroup only the controllers that its parent passes on. */
  async #enableControllers(): Promise<void> {
    const root = this.#hierarchies.unified?.mountpoint;
    if (root === undefined) return;
    await mkdir(join(root, this.parent), { recursive: true });
    for (const path of [root, join(root, this.parent)]) {
      const words = async (name: string): Promise<string[]> =>
        (await readFile(join(path, name), 'utf8')).trim().split(' ');
      const [available, enabled] = await Promise.all([words('cgroup.controllers'), words('cgroup.subtree_control')]);
      for (const controller of wanted.filter((name) => available.includes(name) && !enabled.includes(name))) {
        await writeFile(join(path, 'cgroup.subtree_control'), `+${controller}`).catch((error: unknown) => {
          throw new Error(
            `cgroup v2: cannot enable ${controller} in ${path} (${errorCode(error)}). In a container, move its processes ` +
              `out of the root first: mkdir -p ${root}/init && xargs -rn1 < ${root}/cgroup.procs > ${root}/init/cgroup.procs`,
          );
        });
      }
    }
  }

  /** A v1 cpuset takes no process until it names processors and memory nodes. */
  async #copyCpuset(mountpoint: string): Promise<void> {
    for (const path of [this.parent, join(this.parent, monitors)]) {
      for (const name of ['cpuset.cpus', 'cpuset.mems']) {
        const above = await readFile(join(mountpoint, path, '..', name), 'utf8');
        await writeFile(join(mountpoint, path, name), above.trim());
      }
    }
  }

  async pids(id: string): Promise<number[]> {
    const found = new Set<number>();
    // One hierarchy would do, but a container may not be in all of them yet, or any more.
    for (const root of this.#roots) for (const pid of await pidsBelow(join(root, this.path(id)))) found.add(pid);
    return [...found];
  }

  async killAll(id: string, signal: NodeJS.Signals): Promise<void> {
    if (signal !== 'SIGKILL') return send(await this.pids(id), signal);
    const unified = this.#hierarchies.unified?.mountpoint;
    const atOnce = unified === undefined ? undefined : join(unified, this.path(id), 'cgroup.kill');
    const started = performance.now();
    for (;;) {
      if (atOnce !== undefined) await writeFile(atOnce, '1').catch(() => {});
      const pids = await this.pids(id);
      if (pids.length === 0) return;
      if (performance.now() - started > this.#patience) {
        throw new Error(`processes ${pids.join(', ')} of ${id} do not end after SIGKILL`);
      }
      await this.#killFrozen(id);
      await delay(stepMilliseconds);
    }
  }

  /** Frozen, nothing can fork between the reading of the list and the kill. */
  async #killFrozen(id: string): Promise<void> {
    const freezer = this.#hierarchies.v1.find((hierarchy) => hierarchy.controllers.includes('freezer'));
    const state = freezer && join(freezer.mountpoint, this.path(id), 'freezer.state');
    if (state !== undefined) await writeFile(state, 'FROZEN', { flag: 'r+' }).catch(() => {});
    try {
      send(await this.pids(id), 'SIGKILL');
    } finally {
      if (state !== undefined) await writeFile(state, 'THAWED', { flag: 'r+' }).catch(() => {});
    }
  }

  async remove(id: string): Promise<void> {
    await Promise.all(this.#roots.map((root) => removeTree(join(root, this.path(id)), this.#patience)));
  }

  async removeAll(): Promise<void> {
    await Promise.all(this.#roots.map((root) => removeTree(join(root, this.parent), this.#patience)));
  }

  async leftovers(): Promise<string[]> {
    const lists = await Promise.all(this.#roots.map((root) => childrenOf(join(root, this.parent))));
    return [...new Set(lists.flat())].filter((name) => name !== monitors).sort();
  }
}

function send(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (errorCode(error) !== 'ESRCH') throw error;
    }
  }
}

async function childrenOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function pidsBelow(path: string): Promise<number[]> {
  // A cgroup may vanish between any two reads: ENOENT before the open, ENODEV after it.
  const text = await readFile(join(path, 'cgroup.procs'), 'utf8').catch(() => '');
  const own = text
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
  const children = await childrenOf(path).catch(() => []);
  const below = await Promise.all(children.map((child) => pidsBelow(join(path, child))));
  // A process of another PID namespace shows as 0.
  return [...own, ...below.flat()].filter((pid) => pid > 0);
}

async function removeTree(path: string, patienceMilliseconds: number): Promise<void> {
  const started = performance.now();
  for (;;) {
    try {
      return await rmdir(path);
    } catch (error) {
      // A hierarchy that is read-only says so before it looks whether there is one.
      if (errorCode(error) === 'ENOENT' || (errorCode(error) === 'EROFS' && !existsSync(path))) return;
      // Busy also means that there are cgroups below.
      if (errorCode(error) !== 'EBUSY') throw error;
      const below = await childrenOf(path);
      for (const child of below) await removeTree(join(path, child), patienceMilliseconds);
      if (below.length > 0) continue;
      if (performance.now() - started > patienceMilliseconds) throw error;
      // A killed process leaves its cgroup a moment after it has become a zombie.
      await delay(stepMilliseconds);
    }
  }
}
