import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseManifest } from '../../../src/cli/push/manifest.ts';
import type { PushFlags } from '../../../src/cli/push/plan.ts';
import { planPush } from '../../../src/cli/push/plan.ts';

const parse = (text: string) => parseManifest(text, 'manifest.yml');

describe('fields', () => {
  test('of a task App', async () => {
    const { apps, warnings } = await parse(`
applications:
- name: etl
  path: src
  task: true
  command: node etl.mjs
  memory: 256M
  disk_quota: 2G
  cpu: 250m
  cpu-limit: 1
  stack: host
  env: {REGION: eu, COUNT: 3, ON: true, EMPTY: }
  metadata: {labels: {team: data}, annotations: {note: hi}}
- name: other_app
  args: [node, x.js]
`);
    expect(warnings).toEqual([
      "Underscores ('_') in names are not allowed in Kubernetes. Replacing with hyphens ('-'): other-app",
    ]);
    expect(apps).toEqual([
      {
        name: 'etl',
        path: 'src',
        task: true,
        command: 'node etl.mjs',
        memory: '256Mi',
        disk: '2Gi',
        cpu: '250m',
        cpuLimit: '1',
        stack: 'host',
        env: [
          { name: 'REGION', value: 'eu' },
          { name: 'COUNT', value: '3' },
          { name: 'ON', value: 'true' },
          { name: 'EMPTY', value: '' },
        ],
        labels: { team: 'data' },
        annotations: { note: 'hi' },
      },
      { name: 'other-app', args: ['node', 'x.js'] },
    ]);
  });

  test('a number that is longer than a number can be stays as it was typed', async () => {
    const { apps } = await parse('applications: [{ name: a, env: { ID: 987654321098765432, N: -1, F: 1.5 } }]');
    expect(apps[0]?.env).toEqual([
      { name: 'ID', value: '987654321098765432' },
      { name: 'N', value: '-1' },
      { name: 'F', value: '1.5' },
    ]);
  });

  test('unknown ones warn, those of running Apps are named', async () => {
    const { warnings, withoutEffect } = await parse(
      'applications:\n- {name: a, colour: red, routes: [{route: x}], instances: 2}\n- {name: b, instances: 1}\nversion: 1',
    );
    expect(warnings).toEqual(['Manifest file contains unsupported config: version, colour']);
    expect(withoutEffect).toEqual(['routes', 'instances']);
  });

  test('settings that Apps share by an anchor', async () => {
    const { apps } = await parse(
      'applications:\n- &base {name: a, memory: 64M, env: {X: 1}}\n- {<<: *base, name: b, memory: 1G}',
    );
    expect(apps).toMatchObject([
      { name: 'a', memory: '64Mi' },
      { name: 'b', memory: '1Gi', env: [{ name: 'X', value: '1' }] },
    ]);
  });

  test.each([
    ['applications: [{name: a, memory: lots}]', 'applications[0].memory: It must be a size above 0'],
    ['applications: [{name: a, env: [x]}]', 'applications[0].env: must be a map'],
    ['applications: [{name: a, env: {1x: y}}]', 'applications[0].env: the name "1x" must be'],
    ['applications: [{name: a, task: perhaps}]', 'applications[0].task: must be true or false'],
    ['applications: [{name: [a]}]', 'applications[0].name: must be text'],
    ['applications: [{name: a, command: x, args: [y]}]', 'expected at most one of: command, args'],
    ['applications: [{name: a, docker: x}]', 'applications[0].docker: must be a map with the field image'],
    ['applications: [{name: a, docker: {image: x, tag: y}}]', 'applications[0].docker: has the unknown field tag'],
    [
      'applications: [{name: a, buildpacks: [x]}]',
      'applications[0].buildpacks: buildpacks are not supported yet one by one; those of a builder are',
    ],
    ['applications: [{name: a, services: db}]', 'applications[0].services: must be a list'],
    [
      'applications: [{name: a, services: [{name: db, plan: x}]}]',
      'applications[0].services: has the unknown field plan',
    ],
    ['applications: {name: a}', 'applications must be a list'],
    ['applications: [{name: a, cpu: 2, cpu-limit: 500m}]', 'cpu-limit: "500m" must not be smaller than cpu: "2"'],
    ['applications: [{name: a}, {name: a}]', 'the name "a" stands there twice'],
    ['- x', 'it must have the field applications'],
    ['a: [', 'manifest.yml: '],
    ['applications: [{name: "((app))"}]', 'no variable found for key: ((app))'],
  ])('%s', async (text, message) => {
    await expect(parse(text)).rejects.toThrow(message);
  });

  test('a variable without a value says how to give it one', async () => {
    const tips = [{ command: 'kf push --var app=VALUE' }, { command: 'kf push --vars-file FILE' }];
    await expect(parse('applications: [{name: "((app))"}]')).rejects.toMatchObject({ tips });
  });

  test('services by name, or with parameters', async () => {
    const text = 'applications: [{name: a, services: [db, {name: v, binding_name: w, parameters: {mount: /data}}]}]';
    expect((await parseManifest(text, 'm')).apps[0]?.services).toEqual([
      { name: 'db' },
      { name: 'v', bindingName: 'w', parameters: { mount: '/data' } },
    ]);
  });

  test('variables keep their type where they stand alone', async () => {
    const text = 'applications: [{name: "((app))-((stage))", task: "((yes))"}]';
    const { apps } = await parseManifest(text, 'm', { app: 'etl', stage: 2, yes: true });
    expect(apps).toEqual([{ name: 'etl-2', task: true }]);
  });
});

describe('manifest and flags together', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kf-plan-'));
    writeFileSync(
      join(folder, 'manifest.yml'),
      'applications:\n- {name: one, memory: 64M, command: a, env: {X: 1}, path: src}\n',
    );
    writeFileSync(join(folder, 'two.yml'), 'applications:\n- {name: one, task: true}\n- {name: two, path: /abs}\n');
    writeFileSync(join(folder, 'vars.yml'), 'v: two\n');
    writeFileSync(join(folder, 'var.yml'), 'applications: [{name: "((v))", command: "((c))"}]\n');
    writeFileSync(join(folder, 'nameless.yml'), 'applications:\n- {name: one}\n- {path: .}\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const plan = (name: string | undefined, flags: PushFlags = {}) => planPush(folder, name, flags);

  test('flags come before the manifest; variables are added to it', async () => {
    const { apps } = await plan('one', {
      memoryLimit: '1Gi',
      env: [{ name: 'Y', value: '2' }],
      command: 'b',
      task: true,
    });
    expect(apps).toMatchObject([
      {
        name: 'one',
        folder: join(folder, 'src'),
        task: true,
        memory: '1Gi',
        command: 'b',
        env: [
          { name: 'X', value: '1' },
          { name: 'Y', value: '2' },
        ],
      },
    ]);
  });

  test('a single App takes the given name; --no-manifest; -p from here; --app-suffix', async () => {
    expect((await plan('mine')).apps).toMatchObject([{ name: 'mine', memory: '64Mi' }]);
    const bare = (await plan('mine', { manifest: false })).apps;
    expect(bare).toMatchObject([{ name: 'mine', folder, env: [] }]);
    expect(bare[0]?.memory).toBeUndefined();
    expect((await plan(undefined, { path: 'elsewhere', appSuffix: '-x' })).apps).toMatchObject([
      { name: 'one-x', folder: join(folder, 'elsewhere') },
    ]);
  });

  test('several Apps: all, or the named one', async () => {
    expect((await plan(undefined, { manifest: 'two.yml' })).apps.map(({ name }) => name)).toEqual(['one', 'two']);
    expect((await plan('two', { manifest: 'two.yml' })).apps).toMatchObject([{ name: 'two', folder: '/abs' }]);
    await expect(plan('three', { manifest: 'two.yml' })).rejects.toThrow(
      `the manifest doesn't have an App named "three", available names are: [one, two]`,
    );
  });

  test('an image, of the manifest or by flag', async () => {
    writeFileSync(join(folder, 'image.yml'), 'applications: [{name: i, docker: {image: x.io/y:1, username: me}}]');
    const image = async (flags: PushFlags) => (await plan('i', flags)).apps[0]?.image;
    expect(await image({ manifest: 'image.yml' })).toEqual({ kind: 'registry', image: 'x.io/y:1', username: 'me' });
    expect(await image({ manifest: 'image.yml', dockerImage: 'z' })).toEqual({ kind: 'registry', image: 'z' });
    expect(await image({ manifest: 'image.yml', dockerfile: 'Dockerfile' })).toBeUndefined();
    expect(await image({ dockerImage: 'oci:some/dir:tag' })).toEqual({
      kind: 'file',
      form: 'oci',
      path: join(folder, 'some/dir'),
      name: 'tag',
    });
    expect(await image({ dockerImage: 'docker-archive:/a.tar:b/c:1' })).toMatchObject({
      path: '/a.tar',
      name: 'b/c:1',
    });
    expect(await image({ dockerImage: 'containers-storage:localhost/a:1' })).toEqual({
      kind: 'podman',
      image: 'localhost/a:1',
    });
  });

  test('--var comes before --vars-file', async () => {
    const { apps } = await plan(undefined, {
      manifest: 'var.yml',
      varsFile: ['vars.yml'],
      var: [{ name: 'c', value: 'run' }],
    });
    expect(apps).toMatchObject([{ name: 'two', command: 'run' }]);
  });

  test.each<[string | undefined, PushFlags, string]>([
    [undefined, { manifest: false }, 'appName cannot be empty'],
    [undefined, { manifest: 'nameless.yml' }, 'nameless.yml: applications[1] has no name; add "name: APP_NAME" to it'],
    ['Bad_Name', { manifest: false }, '"Bad_Name" is not a valid name'],
    ['one', { manifest: 'nope.yml' }, '-f, --manifest: cannot read '],
    ['one', { varsFile: ['nope.yml'] }, '--vars-file: cannot read '],
    ['one', { stack: 'cflinuxfs3' }, 'no matching stack "cflinuxfs3" found; there is: host'],
    ['one', { dockerImage: 'X' }, '"X" is no image: the name must be lower case'],
    ['one', { dockerImage: 'x', path: '.' }, 'cannot use path and docker image simultaneously'],
    ['one', { dockerImage: 'x', buildpack: 'y' }, 'cannot use buildpack and docker image simultaneously'],
    ['one', { dockerImage: 'x', dockerfile: 'y' }, 'expected one: Docker image, Dockerfile'],
    ['one', { dockerImage: 'dir:x' }, 'dir: images are not taken'],
    ['one', { dockerImage: 'docker-daemon:x' }, 'save it first'],
    ['one', { dockerImage: 'oci:' }, 'oci: names no file'],
    ['one', { dockerImage: 'oci:x', dockerUsername: 'me' }, '--docker-username is for registries'],
    ['one', { dockerUsername: 'me' }, '--docker-username is for images: it needs --docker-image'],
    [
      'one',
      { dockerfile: 'x', stack: 'host' },
      'app specifies multiple types of build, expected one: Dockerfile, stack',
    ],
    ['one', { buildArg: [{ name: 'A', value: 'b' }] }, '--build-arg is for Dockerfiles and buildpacks'],
    ['one', { buildpack: 'x' }, '--buildpack: buildpacks are not supported yet'],
    ['one', { command: 'a', args: ['b'] }, '-c and --args cannot be combined'],
  ])('refused: %s %j', async (name, flags, message) => {
    await expect(plan(name, flags)).rejects.toThrow(message);
  });
});
