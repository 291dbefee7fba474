import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBuilder } from '../support/builder-image.ts';
import { inChroot } from '../support/chroot.ts';
import { dockerSource } from '../support/dockerfile.ts';
import { Kf } from '../support/kf.ts';
import { busybox, makeImage } from '../support/oci-image.ts';
import { Registry } from '../support/registry.ts';

let kf: Kf;
let registry: Registry;
let builder: string;
let folder: string;
beforeAll(async () => {
  [kf, registry] = await Promise.all([Kf.create(), Registry.start()]);
  const layouts = { builder: join(kf.home, 'builder'), run: join(kf.home, 'run') };
  builder = `${registry.host}/cnb/builder:1`;
  await makeBuilder(layouts, `${registry.host}/cnb/run:1`);
  registry.push(layouts.builder, 'cnb/builder:1');
  registry.push(layouts.run, 'cnb/run:1');
  folder = await kf.source('greeter', { 'greeting.txt': 'hello', Procfile: 'web: greet\n' });
});
afterAll(async () => {
  await kf.remove();
  await registry.stop();
});

const push = (...flags: readonly string[]) => kf.run(['push', 'greeter', '--task', '-p', folder, ...flags]);

interface BuiltApp {
  status: { image: string; latestBuild: string; stack: { name: string; launcher: string } };
}

test('phase by phase, with variables for the buildpacks; a Task sees what they have set', async () => {
  const pushed = await push('-s', builder, '--build-arg', 'COLOUR=green');
  expect(pushed, `${pushed.stdout}${pushed.stderr}${await kf.log()}`).toMatchObject({ code: 0 });
  const said = ['analyzed kf.local/dev/greeter', 'pass: test/greeter', 'making tools', 'saved kf.local/dev/greeter'];
  expect(pushed.stdout.split('\n').filter((line) => said.includes(line.replace('[build] ', '')))).toHaveLength(4);
  expect((await kf.ok('run-task', 'greeter', '--follow')).stdout).toBe('hello, in green\n');
  const line = 'greet; id -u; echo "$0" "$@"';
  expect((await kf.ok('run-task', 'greeter', '--follow', '-c', line, '--args', 'a b')).stdout).toBe(
    'hello, in green\n1234\nsh a b\n',
  );
  const { status } = await kf.json<BuiltApp>('app', 'greeter');
  expect(status.stack).toEqual({ name: builder, launcher: '/cnb/lifecycle/launcher' });
});

test('unchanged: nothing is built; changed: layers come out of the cache, unless the App is restaged', async () => {
  const again = await push('-s', builder, '--build-arg', 'COLOUR=green');
  expect(again.stderr).toContain('nothing is uploaded or built');
  await writeFile(join(folder, 'greeting.txt'), 'good morning');
  const changed = await push('-s', builder, '--build-arg', 'COLOUR=green');
  expect(changed.stdout).toContain('tools of the cache');
  expect((await kf.ok('run-task', 'greeter', '--follow')).stdout).toBe('good morning, in green\n');
  expect((await kf.ok('restage', 'greeter')).stdout).toContain('making tools');
});

test('a buildpack that fails, a source that none takes: the last image stays', async () => {
  const { status } = await kf.json<BuiltApp>('app', 'greeter');
  await writeFile(join(folder, 'fails'), '');
  const failed = await push('-s', builder);
  expect(failed.stdout).toContain('[build] the source is to fail');
  expect(failed.stderr).toContain(`${builder}: a buildpack failed (build exited with code 51)`);
  await rm(join(folder, 'greeting.txt'));
  const untaken = await push('-s', builder);
  expect(untaken.stderr).toContain(`${builder}: none of its buildpacks takes this source`);
  expect((await kf.json<BuiltApp>('app', 'greeter')).status.image).toBe(status.image);
  expect((await kf.ok('run-task', 'greeter', '--follow')).stdout).toBe('good morning, in green\n');
});

test.skipIf(inChroot())('a Dockerfile upon an image of a registry, by name and by argument', async () => {
  const base = `${registry.host}/cnb/run`;
  const dockerfile = `ARG TAG=0\nFROM ${base}:$TAG\nCOPY --from=${base}:1 /etc/passwd /tmp/copied\nUSER 0\nRUN id > /who; ls -l /tmp/copied\n`;
  const source = await dockerSource(kf, 'upon', dockerfile);
  const args = ['push', 'upon', '--task', '-p', source, '--dockerfile', 'Dockerfile'];
  const missing = await kf.run(args);
  expect(missing.stderr).toContain(`image ${base}:0: `);
  const pushed = await kf.run([...args, '--build-arg', 'TAG=1']);
  expect(pushed, pushed.stdout).toMatchObject({ code: 0 });
  expect((await kf.ok('run-task', 'upon', '--follow', '-c', 'cat /who')).stdout).toMatch(/^uid=0/);
});

test.skipIf(inChroot())(
  'a base image that the cache has is built upon again; one that has changed replaces it',
  async () => {
    const name = 'team/base';
    const make = async (word: string): Promise<void> => {
      const layout = join(kf.home, `base-${word}`);
      await makeImage(layout, { layers: [busybox, { '/base': word }] });
      registry.push(layout, `${name}:1`);
    };
    const build = async (file: string, ...command: readonly string[]): Promise<string> => {
      await writeFile(join(source, 'file'), file);
      const pushed = await kf.run(command);
      expect(pushed, `${pushed.stdout}${pushed.stderr}`).toMatchObject({ code: 0 });
      return (await kf.ok('run-task', 'again', '--follow', '-c', 'cat /base /made')).stdout;
    };
    const dockerfile = `FROM ${registry.host}/${name}:1\nCOPY file /file\nRUN cat /base /file > /made\n`;
    const source = await dockerSource(kf, 'again', dockerfile);
    const push = ['push', 'again', '--task', '-p', source, '--dockerfile', 'Dockerfile'];
    await make('one ');
    expect(await build('first', ...push)).toBe('one one first');
    expect(await build('second', ...push)).toBe('one one second');
    await make('two ');
    // The tag is asked for again; nothing of the cache is taken.
    expect(await build('ignored', 'restage', 'again')).toBe('two two second');
    expect(await build('third', ...push)).toBe('two two third');
  },
);
