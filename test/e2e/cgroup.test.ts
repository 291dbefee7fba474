import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cgroups, detectCgroups, readHierarchies } from '../../src/node/cgroup/cgroup.ts';
import type { Hierarchies } from '../../src/node/cgroup/hierarchies.ts';

const real = readHierarchies();
const instance = `t${process.pid % 100_000}`;
/** The unified hierarchy of a hybrid machine, taken alone, works as version 2 without controllers does. */
const shapes: readonly (readonly [string, Hierarchies])[] = [
  [`version ${real.version}, as this machine is`, real],
  ...(real.version === 1 && real.unified
    ? [['version 2, on the unified hierarchy', { version: 2, v1: [], unified: real.unified }] as const]
    : []),
];

const children: ChildProcess[] = [];
let cgroups: Cgroups;
afterEach(async () => {
  for (const id of await cgroups.leftovers()) await cgroups.killAll(id, 'SIGKILL');
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  await cgroups.removeAll();
});

/** A shell that says `in` once it has moved itself into the container's cgroup of every hierarchy. */
async function startIn(hierarchies: Hierarchies, id: string, script: string): Promise<ChildProcess> {
  const all = [...hierarchies.v1, ...(hierarchies.unified ? [hierarchies.unified] : [])];
  const directories = all
    .filter(({ controllers }) => !controllers.includes('cpuset'))
    .map(({ mountpoint }) => join(mountpoint, cgroups.containerPath(id)));
  for (const directory of directories) await mkdir(directory, { recursive: true });
  const move = directories.map((directory) => `echo 0 > ${directory}/cgroup.procs`).join(' && ');
  const child = spawn('/bin/sh', ['-c', `${move} && echo in; ${script}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout!, 'data');
  return child;
}

describe.each(shapes)('%s', (_, hierarchies) => {
  it('lists, kills with everything that was forked, and removes without a trace', async () => {
    cgroups = detectCgroups({ instance, hierarchies, patienceMilliseconds: 500 });
    await cgroups.prepare();
    const child = await startIn(hierarchies, 'c1', 'trap "" TERM; sleep 1000 & sleep 1000 & wait');
    expect(await cgroups.pids('c1')).toContain(child.pid);
    expect(await cgroups.leftovers()).toEqual(['c1']);
    await expect(cgroups.removeAll()).rejects.toThrow('EBUSY');
    const exit = once(child, 'exit');
    await cgroups.killAll('c1', 'SIGKILL');
    expect(await exit).toEqual([null, 'SIGKILL']);
    expect(await cgroups.pids('c1')).toEqual([]);
    await cgroups.remove('c1');
    expect(await cgroups.leftovers()).toEqual([]);
    await cgroups.removeAll();
    const roots = [...hierarchies.v1, ...(hierarchies.unified ? [hierarchies.unified] : [])];
    expect(roots.filter(({ mountpoint }) => existsSync(join(mountpoint, `kf-${instance}`)))).toEqual([]);
  });

  it('ends a fork bomb', async () => {
    cgroups = detectCgroups({ instance, hierarchies });
    // Every shell starts two and goes: at most as many as the limit, always new ones.
    const bomb = 'f() { [ $(ls /proc | grep -c "^[0-9]") -gt 400 ] || f & f & }; f; sleep 1000';
    const child = await startIn(hierarchies, 'bomb', bomb);
    const exit = once(child, 'exit');
    await cgroups.killAll('bomb', 'SIGKILL');
    await exit;
    expect(await cgroups.pids('bomb')).toEqual([]);
  });

  it('sends a signal to all', async () => {
    cgroups = detectCgroups({ instance, hierarchies });
    const child = await startIn(hierarchies, 'c2', 'exec sleep 1000');
    const exit = once(child, 'exit');
    await cgroups.killAll('c2', 'SIGTERM');
    expect(await exit).toEqual([null, 'SIGTERM']);
  });

  it('takes monitors into a cgroup of their own', async () => {
    // As if the server were a service: then its monitors must be elsewhere.
    const service = (hierarchy: Hierarchies['v1'][number]) => ({ ...hierarchy, ownPath: '/system.slice/kf.service' });
    cgroups = detectCgroups({
      instance,
      hierarchies: {
        ...hierarchies,
        v1: hierarchies.v1.map(service),
        unified: hierarchies.unified && service(hierarchies.unified),
      },
    });
    await cgroups.prepare();
    await cgroups.prepare();
    const child = spawn('sleep', ['1000']);
    children.push(child);
    for (const file of cgroups.monitorProcsFiles) await writeFile(file, `${child.pid}`);
    expect(cgroups.monitorProcsFiles.length).toBeGreaterThan(0);
    expect(await cgroups.pids('monitors')).toEqual([child.pid]);
    expect(await cgroups.leftovers()).toEqual([]);
    child.kill('SIGKILL');
  });
});

it('counts memory, processor time and kills by the limit', async () => {
  cgroups = detectCgroups({ instance });
  await cgroups.prepare();
  const { mountpoint } = real.v1.find(({ controllers }) => controllers.includes('memory')) ?? real.unified!;
  const directory = join(mountpoint, cgroups.containerPath('hungry'));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, real.version === 1 ? 'memory.limit_in_bytes' : 'memory.max'), `${32 * 2 ** 20}`);
  // A machine with swap would go on for long.
  if (real.version === 2 && existsSync(join(directory, 'memory.swap.max')))
    await writeFile(join(directory, 'memory.swap.max'), '0');
  const child = await startIn(real, 'hungry', 'exec node -e "const a=[];for(;;)a.push(Buffer.alloc(1e6,1))"');
  expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
  const usage = await cgroups.usage('hungry');
  expect(usage.oomKills).toBe(1);
  // Linux keeps the peak of version 2 since 5.19.
  if (existsSync(join(directory, real.version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak')))
    expect(usage.memoryPeakBytes).toBeGreaterThan(30 * 2 ** 20);
  expect(usage.cpuMilliseconds).toBeGreaterThan(0);
});
