import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImageStore } from '../../src/node/images/image-store.ts';
import { App } from '../../src/resources/kf/app.ts';
import { Kf } from '../support/kf.ts';
import { makeSmallBase } from '../support/small-base.ts';
import { zipOf } from '../support/zip.ts';

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
});
afterAll(() => kf.remove());

interface BuiltApp {
  status: { image: string; latestBuild: string; latestReadyBuild: string };
}

/** A wheel, which is a zip of a module and its metadata. */
function makeWheel(folder: string): void {
  const script = `
import zipfile
with zipfile.ZipFile('hello-1.0-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('hello.py', 'greeting = "hello from a wheel"\\n')
    info = 'hello-1.0.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: hello\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')
`;
  execFileSync('/usr/bin/python3', ['-c', script], { cwd: folder });
}

test('a zip archive is a source: its bin/build is executable, what it ignores is left out', async () => {
  const archive = join(await kf.source('zip', { kept: '' }), 'app.zip');
  await writeFile(
    archive,
    zipOf([
      { name: 'bin/build', content: '#!/bin/sh\necho built > made\n', mode: 0o100755 },
      { name: '.kfignore', content: '*.log\n' },
      { name: 'debug.log', content: 'x' },
      { name: 'link', content: 'made', mode: 0o120777 },
    ]),
  );
  await kf.ok('push', 'zipped', '--task', '-p', archive, '-c', 'ls; cat link');
  expect((await kf.ok('run-task', 'zipped', '--follow')).stdout).toBe('bin\nlink\nmade\nbuilt\n');
});

describe('a Node app with two packages', () => {
  let folder: string;
  beforeAll(async () => {
    const manifest = {
      name: 'app',
      version: '1.0.0',
      dependencies: { ms: '2.1.3', 'is-number': '7.0.0' },
      scripts: { start: 'node index.js' },
    };
    folder = await kf.source('node', {
      'package.json': JSON.stringify(manifest),
      'index.js': "console.log(require('ms')(60000), require('is-number')(5));\n",
    });
    execFileSync('npm', ['install', '--package-lock-only', '--silent'], { cwd: folder });
  });

  test('cold: its packages are installed in the sandbox, its start command found', async () => {
    const pushed = await kf.ok('push', 'nodeapp', '--task', '-p', folder);
    expect(pushed.stdout).toMatch(/added 2 packages/);
    expect(pushed.stdout).toMatch(/Start command: +npm start/);
    expect((await kf.ok('run-task', 'nodeapp', '--follow')).stdout).toContain('1m true\n');
    expect((await kf.ok('build-logs', 'nodeapp-1')).stdout).toContain('added 2 packages');
  });

  test('unchanged: nothing is uploaded or built', async () => {
    const before = await kf.json<BuiltApp>('app', 'nodeapp');
    const pushed = await kf.ok('push', 'nodeapp', '--task', '-p', folder);
    expect(pushed.stderr).toMatch(/nothing is uploaded or built/);
    expect((await kf.json<BuiltApp>('app', 'nodeapp')).status.latestBuild).toBe(before.status.latestBuild);
  });

  test('with another source and the same lock file no package is installed again', async () => {
    await appendFile(join(folder, 'index.js'), "console.log('changed');\n");
    const pushed = await kf.ok('push', 'nodeapp', '--task', '-p', folder);
    expect(pushed.stdout).not.toMatch(/added/);
    expect((await kf.ok('run-task', 'nodeapp', '--follow')).stdout).toContain('1m true\nchanged\n');
  });

  test('restaged: its packages are installed anew, of the source that the server has', async () => {
    const restaged = await kf.ok('restage', 'nodeapp');
    expect(restaged.stdout).toMatch(/added 2 packages/);
    expect((await kf.ok('run-task', 'nodeapp', '--follow')).stdout).toContain('1m true\nchanged\n');
  });

  test('a build that fails says so, and the last good image stays in use', async () => {
    const before = await kf.json<BuiltApp>('app', 'nodeapp');
    await writeFile(
      join(folder, 'package-lock.json'),
      '{"lockfileVersion":3,"packages":{"":{"dependencies":{"ms":"1"}}}}',
    );
    const { code, stdout, stderr } = await kf.run(['push', 'nodeapp', '--task', '-p', folder]);
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/build failed/i);
    const after = await kf.json<BuiltApp>('app', 'nodeapp');
    expect(after.status.image).toBe(before.status.image);
    expect((await kf.ok('run-task', 'nodeapp', '--follow')).stdout).toContain('changed\n');
  });
});

describe('a Python app with one package', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await kf.source('python', {
      'requirements.txt': './wheels/hello-1.0-py3-none-any.whl\n',
      'main.py': 'import hello, sys\nprint(hello.greeting, sys.prefix)\n',
      Procfile: 'task: python main.py\n',
    });
    await mkdir(join(folder, 'wheels'));
    makeWheel(join(folder, 'wheels'));
  });

  test('cold: a venv that comes first on the PATH', async () => {
    await kf.ok('push', 'pyapp', '--task', '-p', folder);
    expect((await kf.ok('run-task', 'pyapp', '--follow')).stdout).toBe('hello from a wheel /home/vcap/app/.venv\n');
  });

  test('unchanged: nothing is uploaded or built', async () => {
    expect((await kf.ok('push', 'pyapp', '--task', '-p', folder)).stderr).toMatch(/nothing is uploaded or built/);
  });
});

describe('the layer of an App on another base', () => {
  const line =
    'id; pwd; ls -ln; sort data.txt; cat /proc/self/mounts | cut -d" " -f2,3 | grep ^/etc; echo $HOME $USER; echo made > made; cat made; echo t > /tmp/t && cat /tmp/t';

  test('the same command shows the same', async () => {
    await kf.push('portable', { 'data.txt': 'two\none\n', 'sub/tool.sh': 'echo tool' }, '-c', line);
    const { image } = (await kf.json<BuiltApp>('app', 'portable')).status;
    const store = new ImageStore({ images: join(kf.dataDir, 'images'), layers: join(kf.dataDir, 'layers') });
    const { manifest } = await store.resolve(image);
    const base = `sha256:${'b'.repeat(64)}`;
    makeSmallBase(store.layerPath(base), ['sh', 'id', 'ls', 'sort', 'cat', 'cut', 'grep']);
    const { ref } = await store.put({
      ...manifest,
      repository: 'dev/ported',
      base: 'scratch',
      layers: [base, ...manifest.layers],
    });
    const client = await kf.client();
    await client.create(App, {
      metadata: { name: 'ported', namespace: 'dev' },
      spec: {
        build: { image: ref },
        template: { spec: { containers: [{ args: [line] }] } },
        instances: { stopped: true },
      },
    });
    client.close();
    const [onHost, onBase] = [
      await kf.ok('run-task', 'portable', '--follow'),
      await kf.ok('run-task', 'ported', '--follow'),
    ];
    expect(onHost.stdout).toContain('uid=2000(vcap) gid=2000(vcap)');
    expect(onHost.stdout).toContain('one\ntwo\n');
    expect(onBase.stdout).toBe(onHost.stdout);
    // It really was the other base.
    const marks = 'cat /etc/small-base; ls /usr/share 2>&1';
    expect((await kf.run(['run-task', 'ported', '-c', marks, '--follow'])).stdout).toContain('not the host\n');
    expect((await kf.run(['run-task', 'portable', '-c', marks, '--follow'])).stdout).not.toContain('not the host\n');
    // What a Task writes is its own.
    expect((await kf.ok('run-task', 'ported', '-c', 'echo x > made; ls; ls /', '--follow')).stdout).toContain('made\n');
    expect((await kf.ok('run-task', 'ported', '-c', 'ls', '--follow')).stdout).toBe('data.txt\nsub\n');
  });

  test('a base that nobody knows is named', async () => {
    const store = new ImageStore({ images: join(kf.dataDir, 'images'), layers: join(kf.dataDir, 'layers') });
    const { ref } = await store.put({
      repository: 'dev/odd',
      base: 'moon',
      layers: [`sha256:${'b'.repeat(64)}`],
      config: {},
    });
    const client = await kf.client();
    const ported = await client.get(App, { namespace: 'dev', name: 'ported' });
    await client.update(App, { ...ported, spec: { ...ported.spec, build: { image: ref } } });
    client.close();
    const { code, stderr } = await kf.run(['run-task', 'ported', '--wait']);
    expect(code).toBe(125);
    expect(stderr).toContain('the base "moon", which is not known');
  });
});

describe('other sources', () => {
  test('an executable bin/build replaces both', async () => {
    const folder = await kf.source('custom', { 'bin/build': '#!/bin/sh\necho building; echo made > result.txt\n' });
    execFileSync('chmod', ['+x', join(folder, 'bin/build')]);
    expect((await kf.ok('push', 'custom', '--task', '-p', folder, '-c', 'cat result.txt')).stdout).toContain(
      'building',
    );
    expect((await kf.ok('run-task', 'custom', '--follow')).stdout).toBe('made\n');
  });

  test('dependencies without a lock file: the reason and the way out', async () => {
    const folder = await kf.source('nolock', { 'package.json': '{"dependencies":{"ms":"2.1.3"}}' });
    const { code, stdout, stderr } = await kf.run(['push', 'nolock', '--task', '-p', folder]);
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/no package-lock.json: run "npm install"/);
  });

  test('after a failed first build run-task is refused, naming the log', async () => {
    const { code, stderr } = await kf.run(['run-task', 'nolock', '-c', 'true', '--wait']);
    expect(code).toBe(125);
    expect(stderr).toContain('kf build-logs nolock-1');
  });
});

test('a reboot in the middle of a build: it begins again in a folder of its own, and is whole', async () => {
  const script =
    '#!/bin/sh\nls; echo begun; while [ ! -e /home/vcap/app/go ]; do sleep 0.05; done; echo made > result.txt\n';
  const folder = await kf.source('rebooted', { 'bin/build': script });
  execFileSync('chmod', ['+x', join(folder, 'bin/build')]);
  const pushed = kf.run(['push', 'rebooted', '--task', '-p', folder, '-c', 'cat result.txt; ls'], {
    env: { KF_STARTUP_TIMEOUT: '60s' },
  });
  const builds = join(kf.dataDir, 'builds');
  const working = async (): Promise<string> => {
    const [uid] = await readdir(builds).catch(() => []);
    return join(builds, uid ?? 'none yet', 'app');
  };
  const logs = join(kf.dataDir, 'logs');
  const begun = async (): Promise<boolean> => {
    const files = (await readdir(logs, { recursive: true })).filter((name) => name.includes('rebooted-1-pod/'));
    return files.length > 0 && (await readFile(join(logs, files[0]!), 'utf8')).includes('begun');
  };
  await expect.poll(begun).toBe(true);
  // As files are that were not flushed before the power went.
  await writeFile(join(await working(), 'left over'), '');
  await kf.killServer();
  await kf.run(['server', 'start'], { env: { KF_BOOT_ID: 'another' } });
  await expect.poll(async () => readdir(await working()).catch(() => [])).toEqual(['bin']);
  await writeFile(join(await working(), 'go'), '');
  const { code, stderr } = await pushed;
  expect(code, stderr).toBe(0);
  expect((await kf.ok('run-task', 'rebooted', '--follow')).stdout).toBe('made\nbin\ngo\nresult.txt\n');
});
