import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/resources/core/kinds.ts';
import { ServiceInstance } from '../../../src/resources/kf/service-instance.ts';
import { ServiceInstanceBinding } from '../../../src/resources/kf/service-instance-binding.ts';
import { TestCli } from '../support.ts';

let cli: TestCli;
beforeAll(async () => {
  cli = await TestCli.start();
  for (const app of ['report', 'a', 'a-b', 'other']) await cli.world.app(app);
});
afterAll(() => cli.close());

const vcap = async (app: string) => JSON.parse((await cli.ok('vcap-services', app)).stdout);
const uri = 'postgres://etl:s3cret@db/sales';

describe('user-provided services', () => {
  test('from credentials to VCAP_SERVICES: create, bind, update, unbind, delete', async () => {
    const created = await cli.ok('cups', 'db', '-p', JSON.stringify({ uri, port: 5432 }), '-t', 'sql, pg');
    expect(created.stdout).toBe('Creating service instance "db" in Space "dev"\n');
    expect(created.stderr).toContain('Waiting for service instance to become ready...\nSuccess\n');
    expect(await vcap('report')).toEqual({});

    await cli.ok('bind-service', 'report', 'db', '-b', 'warehouse', '-c', '{"schema":"x"}');
    await cli.ok('run-task', 'report', '-c', 'exit 0', '--wait');
    expect((await cli.ok('task', 'report', '1')).stdout).toMatch(/^Services: +db$/m);
    // Whatever starts after the command has ended gets it.
    expect(await vcap('report')).toEqual({
      'user-provided': [
        {
          binding_name: 'warehouse',
          instance_name: 'db',
          name: 'warehouse',
          label: 'user-provided',
          tags: ['sql', 'pg'],
          credentials: { uri, port: 5432, schema: 'x' },
        },
      ],
    });
    expect((await cli.ok('env', 'report', '--show')).stdout).toContain(`DATABASE_URL:  `);

    await cli.ok('update-user-provided-service', 'db', '-p', '{"uri":"new://x"}');
    expect((await vcap('report'))['user-provided'][0].credentials).toEqual({ uri: 'new://x', schema: 'x' });

    const refused = await cli.run('delete-service', 'db');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'ServiceInstance "db" cannot be deleted while it is part of a binding. The service is bound to the App(s): report',
    );
    expect(refused.stderr).toContain('kf unbind-service report db --space dev');

    await cli.ok('unbind-service', 'report', 'db');
    expect(await vcap('report')).toEqual({});
    await cli.ok('delete-service', 'db');
    const { items } = await cli.server.client.list(Secret, { namespace: 'dev' });
    expect(items.map(({ metadata }) => metadata.name).filter((name) => !name.startsWith('kf-injected'))).toEqual([]);
  });

  test('secrets are printed only where they are asked for', async () => {
    await cli.ok('cups', 'mail', '-p', '{"password":"s3cret"}');
    await cli.ok('bind-service', 'report', 'mail');
    for (const words of [
      ['service', 'mail'],
      ['service', 'mail', '-o', 'yaml'],
      ['services', '-o', 'json'],
      ['bindings', '-o', 'yaml'],
      ['app', 'report'],
      ['app', 'report', '-o', 'json'],
      ['env', 'report'],
    ])
      expect((await cli.ok(...words)).stdout, words.join(' ')).not.toContain('s3cret');
    expect((await cli.ok('service', 'mail', '--show')).stdout).toMatch(/password: +s3cret/);
    expect((await cli.ok('app', 'report')).stdout).toMatch(/Services:\n +mail: +in VCAP_SERVICES/);
    expect((await cli.ok('service', 'mail')).stdout).toMatch(/Bound Apps: +report\n/);
  });

  test('lists', async () => {
    await cli.ok('cups', 'listed', '--mock-class', 'pg', '--mock-plan', 'small');
    await cli.ok('bind-service', 'other', 'listed');
    const listed = await cli.ok('services');
    expect(listed.stderr).toBe('Listing services in Space: dev\n');
    expect(listed.stdout).toMatch(/^Name +Type +ClassName +PlanName +Age +Ready +Reason\n/);
    expect(listed.stdout).toMatch(/^listed +user-provided +pg +small +\w+ +True +<nil>$/m);
    const of = async (...flags: string[]) => (await cli.ok('bindings', ...flags)).stdout.split('\n').slice(0, -1);
    expect((await of())[0]).toMatch(/^Name +App +Service +Age +Ready$/);
    expect(await of('--app', 'other')).toEqual([
      expect.anything(),
      expect.stringMatching(/^binding-other-listed +other/),
    ]);
    expect(await of('--app', 'report', '--service', 'listed')).toHaveLength(1);
    expect(await of('--service', 'listed', '-o', 'name')).toEqual([
      'serviceinstancebinding.kf.dev/binding-other-listed',
    ]);
  });

  test('marketplace: what can be created, and how', async () => {
    expect((await cli.ok('marketplace')).stdout).toMatch(/^volume +path +.* kf create-service volume NAME -c/m);
    expect(JSON.parse((await cli.ok('marketplace', '-o', 'json')).stdout)).toHaveLength(3);
  });

  test('names that run together stay apart', async () => {
    await cli.ok('cups', 'b-c', '-p', '{"is":"b-c"}');
    await cli.ok('cups', 'c', '-p', '{"is":"c"}');
    await cli.ok('bind-service', 'a', 'b-c');
    await cli.ok('bind-service', 'a-b', 'c');
    expect((await vcap('a'))['user-provided'][0].credentials).toEqual({ is: 'b-c' });
    expect((await vcap('a-b'))['user-provided'][0].credentials).toEqual({ is: 'c' });
    await cli.ok('unbind-service', 'a', 'b-c');
    expect((await vcap('a-b'))['user-provided']).toHaveLength(1);
  });

  test('credentials in a file; an App takes its bindings along', async () => {
    const file = join(cli.home, 'smtp.json');
    await writeFile(file, '{"host":"x"}');
    await cli.ok('cups', 'smtp', '-p', file);
    await cli.world.app('brief');
    await cli.ok('bind-service', 'brief', 'smtp');
    expect((await vcap('brief'))['user-provided'][0].credentials).toEqual({ host: 'x' });
    await cli.ok('delete', 'brief');
    expect((await cli.ok('bindings', '--service', 'smtp')).stdout.split('\n')).toHaveLength(2);
    await cli.ok('delete-service', 'smtp');
  });
});

describe('a push binds the services of its manifest', () => {
  test('before it builds; a second push leaves them', async () => {
    await cli.ok('cups', 'pushed', '-p', '{"k":"v"}');
    const manifest =
      'applications: [{ name: bound, task: true, services: [{ name: pushed, parameters: { l: 1 } }] }]\n';
    const source = await cli.source({ 'manifest.yml': manifest, 'a.txt': 'x' });
    for (const _ of [1, 2]) await cli.start(['push'], { cwd: source }).finished;
    expect((await vcap('bound'))['user-provided'][0].credentials).toEqual({ k: 'v', l: 1 });
  });

  test('one that does not exist: an error before anything is made', async () => {
    const manifest = 'applications: [{ name: unbound, task: true, services: [nope] }]\n';
    const source = await cli.source({ 'manifest.yml': manifest });
    const { code, stderr } = await cli.start(['push'], { cwd: source }).finished;
    expect(code).toBe(1);
    expect(stderr).toContain('the manifest\'s services: "nope" does not exist in Space "dev"');
    expect((await cli.run('app', 'unbound')).code).toBe(1);
    expect(cli.sources.size).toBeLessThanOrEqual(1);
  });
});

describe('bad input changes nothing', () => {
  test.each([
    [['cups', 'x', '-p', '[1]'], 'value must be a JSON map|no JSON map'],
    [['cups', 'x', '-p', '{"a":'], 'value must be a JSON map, got: "{'],
    [['cups', 'x', '-p', 'nofile.json'], "couldn't read file"],
    [['cups', 'x', '-p', '{"a b":1}'], 'the key "a b" must be letters'],
    [['cups', 'Not_A_Name'], '"Not_A_Name" is not a valid name'],
    [['cups', 'x', '-l', 'syslog://x'], "Kf doesn't currently support syslog drains"],
    [['cups', 'taken'], '"taken" already exists'],
    [['uups', 'taken'], 'nothing to change'],
    [['uups', 'nope', '-p', '{"a":1}'], '"nope" not found'],
    [['bind-service', 'nope', 'taken'], 'failed to get App for binding: .*"nope" not found'],
    [['bind-service', 'other', 'nope'], 'bind failed: .*"nope" not found'],
    [['bind-service', 'other', 'taken', '--timeout', 'soon'], '--timeout'],
    [['bind-service', 'other', 'taken', '-c', '7'], 'no JSON map'],
    [['unbind-service', 'other', 'taken'], 'unbind failed: App "other" is not bound to service "taken"'],
    [['create-service', 'postgres', 'x'], 'there is no service "postgres"; there is: volume'],
    [['create-service', 'volume', 'x'], '-c: expected exactly one of path and capacity'],
    [['create-service', 'volume', 'x', '-c', '{"path":"a"}'], 'path: "a" must be an absolute path'],
    [['create-service', 'volume', 'path', 'x', '-c', '{"capacity":"1Gi"}'], 'plans path and capacity'],
    [['service', 'nope'], '"nope" not found'],
    [['delete-service', 'nope'], '"nope" not found'],
    [['vcap-services', 'nope'], '"nope" not found'],
    [['bindings', '--app', 'nope'], '"nope" not found'],
  ])('%j', async (words, message) => {
    if (!(await cli.ok('services')).stdout.includes('taken')) await cli.ok('cups', 'taken');
    const state = async () => {
      const { client } = cli.server;
      const [services, bindings] = await Promise.all([
        client.list(ServiceInstance, { namespace: 'dev' }),
        client.list(ServiceInstanceBinding, { namespace: 'dev' }),
      ]);
      return [...services.items, ...bindings.items].map(({ metadata }) => [metadata.name, metadata.resourceVersion]);
    };
    const before = await state();
    const { code, stderr } = await cli.run(...words);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(message));
    expect(await state()).toEqual(before);
  });
});
