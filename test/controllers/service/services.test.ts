import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import { conditionOf } from '../../../src/resources/condition.ts';
import { Secret } from '../../../src/resources/core/kinds.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { ServiceInstance } from '../../../src/resources/kf/service-instance.ts';
import { ServiceInstanceBinding } from '../../../src/resources/kf/service-instance-binding.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { hostile } from '../../client/hostile-client.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { World } from '../world.ts';

const namespace = 'dev';
const seeds = Array.from({ length: Number(process.env.KF_SEEDS ?? 5) }, (_, index) => index + 1);

describe.each([undefined, ...seeds])('services over a client with seed %s', (seed) => {
  let world: World;
  let close: () => Promise<void>;
  const start = async () => {
    const local = startLocalApi();
    const controllers = seed === undefined ? undefined : hostile(local.client, { seed });
    world = new World(controllers ?? local.client, local.client, systemClock);
    close = async () => {
      controllers?.close();
      await local.close();
    };
    await world.app('report');
  };
  afterEach(async () => {
    await world.stop();
    await close();
  });

  const secret = (name: string, value: object) =>
    world.client.create(Secret, { metadata: { namespace, name }, stringData: { params: JSON.stringify(value) } });
  const service = (name: string) =>
    world.client.create(ServiceInstance, {
      metadata: { namespace, name },
      spec: { userProvided: {}, parametersFrom: { name: `${name}-params` } },
    });
  const bind = (name: string, instance: string) =>
    world.client.create(ServiceInstanceBinding, {
      metadata: { namespace, name },
      spec: { app: { name: 'report' }, instanceRef: { name: instance }, parametersFrom: { name: `${name}-params` } },
    });
  const injected = (accepts: (data: Readonly<Record<string, string>>) => boolean) =>
    world.until(Secret, { namespace, name: 'kf-injected-envs-report' }, ({ data = {} }) =>
      accepts(Object.fromEntries(Object.entries(data).map(([k, v]) => [k, Buffer.from(v, 'base64').toString()]))),
    );

  test('whatever comes first, credentials arrive, change and go', async () => {
    await start();
    // The binding before the service, the service before its parameters.
    await bind('b', 'db');
    await secret('b-params', { schema: 'x' });
    await service('db');
    await secret('db-params', { uri: 'pg://1', schema: 'y' });
    await injected(({ DATABASE_URL, VCAP_SERVICES }) => {
      const credentials = JSON.parse(VCAP_SERVICES ?? '{}')['user-provided']?.[0]?.credentials;
      return DATABASE_URL === 'pg://1' && credentials?.schema === 'x';
    });
    await world.until(App, { namespace, name: 'report' }, (app) => app.status?.serviceBindings?.length === 1);
    const data = { params: Buffer.from('{"uri":"pg://2"}').toString('base64') };
    await world.client.patch(Secret, { namespace, name: 'db-params' }, { type: 'merge', body: { data } });
    await injected(({ DATABASE_URL }) => DATABASE_URL === 'pg://2');
    await world.client.delete(ServiceInstanceBinding, { namespace, name: 'b' });
    await injected(({ VCAP_SERVICES, DATABASE_URL }) => VCAP_SERVICES === '{}' && DATABASE_URL === undefined);
    await world.until(App, { namespace, name: 'report' }, (app) => app.status?.serviceBindings === undefined);
    await world.untilGone(Secret, { namespace, name: 'credentials-b' });
  });

  test('the App’s status names what the secret holds already', async () => {
    await start();
    await secret('b-params', {});
    await secret('db-params', { uri: 'pg://1' });
    await service('db');
    await bind('b', 'db');
    const app = await world.until(App, { namespace, name: 'report' }, ({ status }) => !!status?.serviceBindings);
    expect(app.status?.serviceBindings).toMatchObject([{ name: 'b', instance: 'db' }]);
    const { data } = await world.client.get(Secret, { namespace, name: 'kf-injected-envs-report' });
    expect(Buffer.from(data?.DATABASE_URL ?? '', 'base64').toString()).toBe('pg://1');
  });

  test('a bound service that is deleted waits, and works until it is unbound', async () => {
    await start();
    await secret('b-params', {});
    await secret('db-params', { uri: 'pg://1' });
    await service('db');
    await bind('b', 'db');
    const ref = { namespace, name: 'db' };
    await world.until(App, { namespace, name: 'report' }, ({ status }) => status?.serviceBindings?.length === 1);
    await world.client.delete(ServiceInstance, ref);
    const blocked = await world.until(
      ServiceInstance,
      ref,
      (one) => conditionOf(one, 'Ready')?.reason === 'DeletionBlocked',
    );
    expect(conditionOf(blocked, 'Ready')?.message).toBe('The service is bound to the App(s): report');
    await injected(({ DATABASE_URL }) => DATABASE_URL === 'pg://1');
    await world.client.delete(ServiceInstanceBinding, { namespace, name: 'b' });
    await world.untilGone(ServiceInstance, ref);
  });

  test('a Task does not start without a service that its App is bound to', async () => {
    await start();
    await secret('b-params', {});
    await bind('b', 'db');
    await world.until(
      App,
      { namespace, name: 'report' },
      (app) => conditionOf(app, 'ServiceInstanceBindingsReady')?.status === 'False',
    );
    await world.task('report', 'patient', 'exit 0');
    const ref = { namespace, name: 'patient' };
    const waits = await world.until(Task, ref, (one) => conditionOf(one, 'Succeeded')?.reason === 'WaitingForServices');
    expect(waits.status?.message).toBe('binding of service "db": ServiceInstance "db" does not exist');
    await secret('db-params', { uri: 'pg://1' });
    await service('db');
    expect((await world.final('patient')).status).toMatchObject({ exitCode: 0, services: ['db'] });
  });

  test.each([
    [{ notparams: 'x' }, 'SecretNotPopulated'],
    [{ params: '[1]' }, 'SecretInvalid'],
    [{ params: '{' }, 'SecretInvalid'],
  ])('parameters like %j are refused: %s', async (stringData, reason) => {
    await start();
    await service('db');
    await world.client.create(Secret, { metadata: { namespace, name: 'db-params' }, stringData });
    await world.until(
      ServiceInstance,
      { namespace, name: 'db' },
      (one) => conditionOf(one, 'Ready')?.reason === reason,
    );
  });
});
