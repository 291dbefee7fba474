import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { detectCgroups } from '../../../src/node/cgroup/cgroup.ts';
import type { Hierarchies } from '../../../src/node/cgroup/hierarchies.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kf-cgroup-'));
});
afterEach(() => rm(root, { recursive: true }));

async function files(contents: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
const v1 = (): Hierarchies => ({
  version: 1,
  v1: ['memory', 'cpuacct'].map((name) => ({ mountpoint: join(root, name), controllers: [name], ownPath: '/' })),
});
const v2 = (ownPath = '/'): Hierarchies => ({
  version: 2,
  v1: [],
  unified: { mountpoint: root, controllers: [], ownPath },
});

it('reads version 1 files', async () => {
  await files({
    'memory/kf-t/c/memory.max_usage_in_bytes': '4096\n',
    'memory/kf-t/c/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    'memory/kf-t/c/memory.failcnt': '7\n',
    'cpuacct/kf-t/c/cpuacct.usage': '1234567890\n',
  });
  const usage = await detectCgroups({ instance: 't', hierarchies: v1() }).usage('c');
  expect(usage).toEqual({ memoryPeakBytes: 4096, cpuMilliseconds: 1235, oomKills: 2 });
});

it('does not count kills of a machine that has no memory left', async () => {
  await files({
    'memory/kf-t/c/memory.oom_control': 'oom_kill 2\n',
    'memory/kf-t/c/memory.failcnt': '0\n',
    'kf-t/c/memory.events': 'low 0\nhigh 0\nmax 0\noom 0\noom_kill 1\noom_group_kill 0\n',
  });
  expect((await detectCgroups({ instance: 't', hierarchies: v1() }).usage('c')).oomKills).toBe(0);
  expect((await detectCgroups({ instance: 't', hierarchies: v2() }).usage('c')).oomKills).toBe(0);
});

it('takes a peak at the limit for a refusal where version 1 does not count those of memory with swap', async () => {
  await files({
    'memory/kf-t/c/memory.oom_control': 'oom_kill 2\n',
    'memory/kf-t/c/memory.failcnt': '0\n',
    'memory/kf-t/c/memory.max_usage_in_bytes': '1000\n',
    'memory/kf-t/c/memory.limit_in_bytes': '1010\n',
  });
  expect((await detectCgroups({ instance: 't', hierarchies: v1() }).usage('c')).oomKills).toBe(2);
});

it('reads version 2 files, and leaves out what an older kernel does not keep', async () => {
  await files({
    'kf-t/c/cpu.stat': 'usage_usec 5000\nuser_usec 1\n',
    'kf-t/c/memory.events': 'max 9\noom 1\noom_kill 1\n',
  });
  const usage = await detectCgroups({ instance: 't', hierarchies: v2() }).usage('c');
  expect(usage).toEqual({ memoryPeakBytes: undefined, cpuMilliseconds: 5, oomKills: 1 });
});

it('knows nothing of a cgroup that is gone', async () => {
  const cgroups = detectCgroups({ instance: 't', hierarchies: v1() });
  expect(await cgroups.usage('gone')).toEqual({});
  expect(await cgroups.pids('gone')).toEqual([]);
  await cgroups.killAll('gone', 'SIGKILL');
  await cgroups.remove('gone');
  expect(await cgroups.leftovers()).toEqual([]);
});

it('passes the controllers on in version 2, and only those that are missing', async () => {
  await files({
    'cgroup.controllers': 'cpu io memory pids hugetlb\n',
    'cgroup.subtree_control': 'cpu io memory pids\n',
    'kf-t/cgroup.controllers': 'memory\n',
    'kf-t/cgroup.subtree_control': '\n',
  });
  await detectCgroups({ instance: 't', hierarchies: v2() }).prepare();
  expect(await readFile(join(root, 'cgroup.subtree_control'), 'utf8')).toBe('cpu io memory pids\n');
  expect(await readFile(join(root, 'kf-t/cgroup.subtree_control'), 'utf8')).toBe('+memory');
});

it('puts monitors beside the containers, unless the server is in the root', () => {
  expect(detectCgroups({ instance: 't', hierarchies: v2() }).monitorProcsFiles).toEqual([]);
  expect(detectCgroups({ instance: 't', hierarchies: v2('/system.slice/kf.service') }).monitorProcsFiles).toEqual([
    join(root, 'kf-t/monitors/cgroup.procs'),
  ]);
});

it('reads what is in use right now, without files that the kernel can drop', async () => {
  await files({
    'memory/kf-t/c/memory.usage_in_bytes': '5000\n',
    'memory/kf-t/c/memory.stat': 'inactive_file 1\ntotal_inactive_file 1000\n',
    'cpuacct/kf-t/c/cpuacct.usage': '1234567890\n',
    'kf-t/c/memory.current': '6000\n',
    'kf-t/c/memory.stat': 'anon 1\ninactive_file 2000\n',
    'kf-t/c/cpu.stat': 'usage_usec 77\nuser_usec 70\n',
  });
  const [one, two] = [v1(), v2()].map((hierarchies) => detectCgroups({ instance: 't', hierarchies }));
  expect(one!.present('c')).toEqual({ cpuNanoseconds: 1234567890, memoryBytes: 4000 });
  expect(two!.present('c')).toEqual({ cpuNanoseconds: 77_000, memoryBytes: 4000 });
  expect([one!.present('gone'), two!.present('gone')]).toEqual([undefined, undefined]);
});
