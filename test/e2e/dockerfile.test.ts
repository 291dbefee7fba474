import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Build } from '../../src/resources/kf/build.ts';
import { inChroot } from '../support/chroot.ts';
import { dockerSource, shellBase } from '../support/dockerfile.ts';
import { Kf } from '../support/kf.ts';
import { countsOf, instanceOf, machineState } from '../support/machine-state.ts';

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.ok('server', 'start');
});
afterAll(() => kf.remove());

const dockerfilePush = (app: string, folder: string, ...flags: readonly string[]) =>
  kf.run(['push', app, '--task', '-p', folder, '--dockerfile', 'Dockerfile', ...flags]);

/** What is mounted on the host's own folders and on those that containers have of it. */
const hostMounts = async (): Promise<readonly string[]> =>
  (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith('/usr/') || path.startsWith(join(kf.dataDir, 'stacks/')));

/** Where the kernel gives nobody a user namespace. */
const chroot = inChroot();

test.runIf(chroot)('in a chroot no Dockerfile is built, and that is said', async () => {
  const folder = await dockerSource(kf, 'refused', shellBase);
  const { code, stdout, stderr } = await dockerfilePush('refused', folder);
  expect(code).toBe(1);
  expect(`${stdout}${stderr}`).toContain('start the server outside of it');
});

interface BuiltApp {
  status: { image: string; latestBuild: string; latestReadyBuild: string };
}

describe.skipIf(chroot)('a Dockerfile of several stages', () => {
  let folder: string;
  beforeAll(async () => {
    const dockerfile = `${shellBase}
WORKDIR /work
ARG WHO=nobody
COPY . .
RUN echo "hello $WHO" > greeting; rm -rf /work/gone; ls > files
FROM scratch AS final
COPY --from=0 /bin /bin
COPY --from=0 --chown=1234:1234 /work /work
RUN mkdir -p /tmp && rm /work/removed
USER 1234
ENV COLOUR=green
WORKDIR /work
`;
    folder = await dockerSource(kf, 'stages', dockerfile, {
      removed: 'x',
      'gone/x': 'x',
      ignored: 'x',
      '.dockerignore': 'ignored\n',
      input: 'one\n',
    });
  });

  test('is built, and its image run as it says', async () => {
    const pushed = await dockerfilePush('stages', folder, '--build-arg', 'WHO=world');
    expect(pushed, await kf.log()).toMatchObject({ code: 0 });
    expect(pushed.stdout).toContain('[build] [2/2] STEP');
    const ran = await kf.ok('run-task', 'stages', '--follow', '-c', 'cat greeting; id -u; echo $COLOUR; ls');
    expect(ran.stdout).toBe('hello world\n1234\ngreen\nDockerfile\nbusybox\nfiles\ngreeting\ninput\n');
    expect((await kf.ok('build', 'stages-1')).stdout).toMatch(/Builder: +dockerfile/);
  });

  test('unchanged: nothing is built; with another argument it is', async () => {
    const again = await dockerfilePush('stages', folder, '--build-arg', 'WHO=world');
    expect(again.stderr).toContain('nothing is uploaded or built');
    const other = await dockerfilePush('stages', folder, '--build-arg', 'WHO=moon');
    expect(other.stdout).toContain('Using cache');
    expect((await kf.ok('run-task', 'stages', '--follow', '-c', 'cat greeting')).stdout).toBe('hello moon\n');
  });

  test('a build that fails says so, and the last good image stays in use', async () => {
    const before = await kf.json<BuiltApp>('app', 'stages');
    await writeFile(join(folder, 'Dockerfile'), `${shellBase}RUN echo about to fail; exit 3\n`);
    const failed = await dockerfilePush('stages', folder);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('[build] about to fail');
    expect(failed.stderr).toContain('stays in use');
    const after = await kf.json<BuiltApp>('app', 'stages');
    expect(after.status.image).toBe(before.status.image);
    expect((await kf.ok('run-task', 'stages', '--follow', '-c', 'cat greeting')).stdout).toBe('hello moon\n');
  });

  test('no such Dockerfile, or a base image that is nowhere', async () => {
    const none = await kf.run(['push', 'none', '--task', '-p', folder, '--dockerfile', 'docker/Dockerfile']);
    expect(none.stderr).toContain(`the Dockerfile "docker/Dockerfile" couldn't be found under the app root`);
    await writeFile(join(folder, 'Dockerfile'), 'FROM kf.local/nobody/nothing:1\n');
    const missing = await dockerfilePush('none', folder);
    expect(missing.stderr).toContain('kf.local/nobody/nothing:1');
  });
});

describe.skipIf(chroot)('what a RUN can get at', () => {
  let secret: Server;
  beforeAll(async () => {
    secret = createServer((_, response) => response.end('REACHED a port of 127.0.0.1\n'));
    await new Promise<void>((resolve) => secret.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => secret.close());

  test('nothing of the host: processes, files, devices, the API, metadata, more rights', async () => {
    const { port } = new URL(JSON.parse(await serverJson()).url);
    const { port: open } = secret.address() as AddressInfo;
    const tries = [
      `ls -d ${kf.dataDir} /proc/1/root${kf.dataDir} /proc/1/root/build /proc/1/root/source /host && echo REACHED files`,
      // busybox starts its own programs as /proc/self/exe; such a process is called exe for a moment.
      'cat /proc/[0-9]*/comm | grep -v -x -e sh -e cat -e grep -e sed -e exe | sed "s/^/REACHED process /"',
      '[ $(ls -d /proc/[0-9]* | wc -l) -gt 8 ] && echo REACHED more processes',
      'grep -q "^ *0 *0 " /proc/self/uid_map && echo REACHED the root of the host',
      'mkdir -p /mnt && mount -t tmpfs x /mnt && echo REACHED mount',
      'mount -t proc proc /mnt && echo REACHED proc',
      'unshare -U true && echo REACHED a user namespace',
      'unshare -m true && echo REACHED a mount namespace',
      'mknod /mnt/disk b 254 0 && cat /mnt/disk | head -c 1 && echo REACHED a disk',
      'ls /dev | grep -e vda -e sda -e loop -e kmsg && echo REACHED devices',
      'echo x > /proc/sys/kernel/core_pattern && echo REACHED sysctl',
      'echo b > /proc/sysrq-trigger && echo REACHED sysrq',
      'chroot /proc/1/root ls /build && echo REACHED the sandbox around',
      'for f in /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs; do [ -e $f ] && echo 1 > $f && echo REACHED cgroups; done',
      'ls /sys/class/net | grep -v -x -e lo -e eth0 && echo REACHED links',
      ...[`127.0.0.1:${open}`, `host.kf.internal:${open}`, `host.kf.internal:${port}`, '169.254.169.254'].map(
        (host) => `wget -T 2 -q -O - http://${host}/ && echo REACHED ${host}`,
      ),
      `nc -w 2 host.kf.internal ${port} </dev/null && echo REACHED the API`,
      'env | grep -i -e kubeconfig -e token -e KF_HOME && echo REACHED variables',
      'cat /proc/self/status | grep -e NoNewPrivs -e CapEff -e Seccomp:',
      'ulimit -c 0; echo tried everything',
    ];
    const folder = await dockerSource(kf, 'nosy', `${shellBase}RUN ${tries.map((one) => `( ${one} )`).join('; ')}\n`);
    const before = await hostMounts();
    const { code, stdout } = await dockerfilePush('nosy', folder);
    expect(stdout).toContain('[build] tried everything');
    expect(await hostMounts()).toEqual(before);
    // Its first step is printed, too.
    const said = stdout.split('\n').filter((line) => !line.includes('STEP') && !line.includes('( ls '));
    expect(said.filter((line) => line.includes('REACHED'))).toEqual([]);
    expect(said.find((line) => line.includes('NoNewPrivs'))).toMatch(/\t1$/);
    expect(said.find((line) => line.includes('Seccomp:'))).toMatch(/\t2$/);
    // Docker's usual ones, less those for devices, raw sockets and the audit log; of a user namespace, not of the host.
    expect(said.find((line) => line.includes('CapEff'))).toMatch(/00000000800405fb$/);
    expect(code).toBe(0);
  });

  test('ADD of an address is held to the same network', async () => {
    const { port } = secret.address() as AddressInfo;
    const folder = await dockerSource(kf, 'adding', `FROM scratch\nADD http://127.0.0.1:${port}/x /x\n`);
    const { code, stdout } = await dockerfilePush('adding', folder);
    expect(code).toBe(1);
    expect(stdout).toMatch(/connection refused/);
  });
});

const serverJson = (): Promise<string> => readFile(join(kf.dataDir, 'server.json'), 'utf8');

describe.skipIf(chroot)('a Dockerfile that never ends', () => {
  // The node is up, and has what it keeps.
  beforeAll(async () => {
    await kf.push('first', { Procfile: 'task: true\n' });
    await kf.ok('run-task', 'first', '--wait');
  });
  const endless = `${shellBase}RUN echo has begun; sleep 100000 & sleep 100000\n`;
  /** Resolves when the RUN has begun. */
  const begin = async (app: string) => {
    const folder = await dockerSource(kf, app, endless);
    let begun = (): void => {};
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let text = '';
    const args = ['push', app, '--task', '-p', folder, '--dockerfile', 'Dockerfile'];
    const pushed = kf.run(args, {
      onStdout: (chunk) => {
        text += chunk;
        if (text.includes('] has begun')) begun();
      },
    });
    await Promise.race([started, pushed.then(({ stderr }) => Promise.reject(new Error(`it ended: ${text}${stderr}`)))]);
    return { pushed, text: () => text };
  };
  /** What works for a build, or is made for one; pools of networks and disks are not. */
  const left = () => {
    const state = machineState(instanceOf(kf.dataDir));
    const { cgroups, processes, volatileFiles } = countsOf(state);
    const ofBuilds = (path: string): boolean => path.startsWith(`${kf.dataDir}/build`);
    return {
      ...{ cgroups, processes, volatileFiles },
      mounts: state.mounts.filter(ofBuilds),
      loopDevices: state.loopDevices.filter(ofBuilds),
      folders: readdirSync(join(kf.dataDir, 'builds')),
    };
  };
  /** A server has a few helpers of its own. */
  const settled = ({ cgroups, processes }: ReturnType<typeof left>) => {
    const none = { volatileFiles: 0, mounts: [], loopDevices: [], folders: [] };
    return expect.poll(left).toEqual({ cgroups, processes, ...none });
  };

  test('is terminated, and nothing of it is left', async () => {
    const before = left();
    const { pushed } = await begin('endless');
    const build = (await kf.json<BuiltApp>('app', 'endless')).status.latestBuild;
    const terminated = await kf.ok('terminate-build', build);
    expect(terminated.stderr).toContain(`Build ${build} failed: the build was terminated.`);
    expect(await pushed).toMatchObject({ code: 1 });
    expect((await kf.run(['terminate-build', build])).stderr).toContain("Can't terminate completed Build");
    await settled(before);
  });

  test('its App is deleted, and nothing of it is left', async () => {
    const before = left();
    const { pushed } = await begin('deleted');
    const caches = () => readdirSync(join(kf.dataDir, 'build-caches')).filter((name) => name.endsWith('.img')).length;
    const there = caches();
    await kf.ok('delete', 'deleted');
    expect(await pushed).toMatchObject({ code: 1 });
    await settled(before);
    await kf.ok('server', 'prune');
    expect(caches()).toBe(there - 1);
  });

  test('a server that is killed meanwhile: the next one has it, and ends it', async () => {
    const before = left();
    const { pushed } = await begin('orphan');
    await kf.killServer();
    await kf.ok('server', 'start');
    const build = (await kf.json<BuiltApp>('app', 'orphan')).status.latestBuild;
    expect((await kf.ok('terminate-build', build)).stderr).toContain('the build was terminated');
    await pushed;
    await settled(before);
  });

  test('the server is stopped with all that it runs', async () => {
    const { pushed } = await begin('stopped');
    await kf.ok('server', 'stop', '--kill');
    const { mounts, processes } = machineState(instanceOf(kf.dataDir));
    expect({ mounts, processes }).toEqual({ mounts: [], processes: [] });
    await kf.ok('server', 'start');
    expect(await pushed).toMatchObject({ code: 1 });
  });
});

test.skipIf(chroot)(
  'a server that is killed in the middle of a build, and a reboot: it is built all the same',
  async () => {
    const folder = await dockerSource(kf, 'again', `${shellBase}RUN echo has begun; sleep 1; echo made > /made\n`);
    const push = kf.run(['push', 'again', '--task', '-p', folder, '--dockerfile', 'Dockerfile']);
    const client = await kf.client();
    const running = async () => {
      const build = await client.get(Build, { namespace: 'dev', name: 'again-1' }).catch(() => undefined);
      return build?.status?.phase === 'Building';
    };
    await expect.poll(running, { interval: 50 }).toBe(true);
    await kf.killServer();
    await kf.run(['server', 'start'], { env: { KF_BOOT_ID: 'another boot' } });
    expect(await push, await kf.log()).toMatchObject({ code: 0 });
    expect((await kf.ok('run-task', 'again', '--follow', '-c', 'cat /made')).stdout).toBe('made\n');
    client.close();
  },
);

describe.skipIf(chroot)('limits', () => {
  let small: Kf;
  beforeAll(async () => {
    small = await Kf.create();
    for (const [name, value] of Object.entries({ 'build.disk': '64Mi', 'build.memory': '128Mi' }))
      await small.ok('configure-server', 'set', name, value);
  });
  afterAll(() => small.remove());
  const push = async (name: string, run: string) => {
    const folder = await dockerSource(small, name, `${shellBase}RUN ${run}\n`);
    return small.run(['push', name, '--task', '-p', folder, '--dockerfile', 'Dockerfile']);
  };

  test('disk, memory and processes', async () => {
    const disk = await push('disk', 'dd if=/dev/zero of=/large bs=1M count=100');
    expect(disk.stdout).toMatch(/No space left on device/);
    expect(disk.code).toBe(1);
    const hungry = `sh -c 'x=$(dd if=/dev/zero bs=1M count=200 | tr "\\\\0" x); echo survived'`;
    const memory = await push('memory', hungry);
    expect(memory.stdout).not.toMatch(/\] survived/);
    expect(memory.code).toBe(1);
    const processes = await push(
      'processes',
      'i=0; while [ $i -lt 2000 ]; do sleep 60 & i=$((i+1)); done; echo survived',
    );
    expect(processes.stdout).not.toMatch(/\] survived/);
    expect(processes.code).toBe(1);
  });

  test('time', async () => {
    await small.ok('configure-server', 'set', 'build.timeout', '2s');
    await small.ok('server', 'restart');
    const { code, stderr } = await push('time', 'sleep 100000');
    expect(code).toBe(1);
    expect(stderr).toContain('the build did not end within 2s');
  });
});
