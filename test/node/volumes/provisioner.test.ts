import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import { runCommand } from '../../../src/node/host/run-command.ts';
import { startProvisioner } from '../../../src/node/volumes/provisioner.ts';
import { VolumeStore } from '../../../src/node/volumes/volume-store.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import {
  hostPathAnnotation,
  PersistentVolume,
  PersistentVolumeClaim,
  storageClasses,
} from '../../../src/resources/core/volumes.ts';
import { hostile } from '../../client/hostile-client.ts';
import { World } from '../../controllers/world.ts';
import { startLocalApi } from '../../support/local-api.ts';

const namespace = 'n';

describe.each([undefined, 1, 2, 3, 4, 5])('volumes over a client with seed %s', (seed) => {
  let close: () => Promise<void>;
  let folder: string;
  const start = async (allowed: readonly string[] = []) => {
    folder = mkdtempSync(join(tmpdir(), 'kf-provisioner-'));
    const { client, close: closeApi } = startLocalApi();
    const lying = seed === undefined ? undefined : hostile(client, { seed });
    const store = new VolumeStore({
      folder,
      notEnforced: 'this is a test',
      disk: { reserve: async () => () => {} },
      owner: { uid: process.getuid!(), gid: process.getgid!() },
      run: runCommand,
    });
    const provisioner = startProvisioner({
      client: lying ?? client,
      clock: systemClock,
      store,
      hostPathRules: async () => ({ allowed, own: ['/var/lib/kf'] }),
      onError: () => {},
    });
    const world = new World(client, client);
    close = async () => {
      await provisioner.stop();
      await world.stop();
      lying?.close();
      await closeApi();
      rmSync(folder, { recursive: true });
    };
    await client.create(Namespace, { metadata: { name: namespace } });
    return { client, world };
  };
  afterEach(() => close());

  const claim = (storageClassName: string, annotations = {}) => ({
    metadata: { name: 'data', namespace, annotations },
    spec: { storageClassName, accessModes: ['ReadWriteMany'], resources: { requests: { storage: '32Mi' } } },
  });
  const ref = { namespace, name: 'data' };

  test('a claim is given a volume, which goes with it and not before its last Pod', async () => {
    const { client, world } = await start();
    const { metadata } = await client.create(PersistentVolumeClaim, claim(storageClasses.capacity));
    const bound = await world.until(PersistentVolumeClaim, ref, ({ status }) => status?.phase === 'Bound');
    const name = `pvc-${metadata.uid}`;
    expect(bound).toMatchObject({ spec: { volumeName: name }, status: { capacity: { storage: '32Mi' } } });
    expect(bound.status?.conditions).toMatchObject([
      { status: 'True', message: expect.stringContaining('this is a test') },
    ]);
    await world.until(PersistentVolume, { name }, ({ status }) => status?.phase === 'Bound');
    writeFileSync(join(folder, name, 'data', 'kept'), '');
    await client.create(Pod, {
      metadata: { name: 'user', namespace },
      spec: {
        containers: [{ name: 'main', command: ['wait'] }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
        terminationGracePeriodSeconds: 10,
      },
    });
    await client.delete(PersistentVolumeClaim, ref);
    await world.until(Pod, { namespace, name: 'user' }, ({ status }) => status?.phase === 'Running');
    expect((await client.get(PersistentVolumeClaim, ref)).metadata.deletionTimestamp).toBeDefined();
    expect(existsSync(join(folder, name, 'data', 'kept'))).toBe(true);
    await client.delete(Pod, { namespace, name: 'user' });
    await world.untilGone(PersistentVolumeClaim, ref);
    await world.untilGone(PersistentVolume, { name });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a class of another cluster stands for ours; none is none, and a volume that was named is left to whoever made it', async () => {
    const { client, world } = await start();
    const other = (name: string, storageClassName: string, more = {}) => {
      const { metadata, spec } = claim(storageClassName);
      return client.create(PersistentVolumeClaim, { metadata: { ...metadata, name }, spec: { ...spec, ...more } });
    };
    await other('none', '');
    await other('named', 'manual', { volumeName: 'by-hand' });
    const { metadata } = await other('data', 'standard');
    await world.until(PersistentVolumeClaim, ref, ({ status }) => status?.phase === 'Bound');
    const volume = await client.get(PersistentVolume, { name: `pvc-${metadata.uid}` });
    expect(volume.spec.storageClassName).toBe(storageClasses.capacity);
    await client.delete(PersistentVolumeClaim, ref);
    await world.untilGone(PersistentVolume, { name: `pvc-${metadata.uid}` });
    expect(readdirSync(folder)).toEqual([]);
    for (const name of ['none', 'named'])
      expect((await client.get(PersistentVolumeClaim, { namespace, name })).status?.phase).not.toBe('Bound');
  });

  test('a Pod that waits for the end of a claim does not keep it', async () => {
    const { client, world } = await start();
    await client.create(PersistentVolumeClaim, claim(storageClasses.capacity));
    await world.until(PersistentVolumeClaim, ref, ({ status }) => status?.phase === 'Bound');
    // It would run the Pod.
    await world.node.stop();
    const pod = await client.create(Pod, {
      metadata: { name: 'waits', namespace },
      spec: {
        containers: [{ name: 'main' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
      },
    });
    await client.delete(PersistentVolumeClaim, ref);
    const message = '0/1 nodes are available: persistentvolumeclaim "data" is being deleted.';
    await client.updateStatus(Pod, {
      ...(await client.get(Pod, pod.metadata)),
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] },
    });
    await world.untilGone(PersistentVolumeClaim, ref);
  });

  test('a claim that is deleted at once leaves nothing', async () => {
    const { client, world } = await start();
    await client.create(PersistentVolumeClaim, claim(storageClasses.capacity));
    await client.delete(PersistentVolumeClaim, ref);
    await world.untilGone(PersistentVolumeClaim, ref);
    await expect.poll(async () => (await client.list(PersistentVolume)).items.length).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a directory of the host that is not allowed: the claim says what to do; one that is, stays', async () => {
    const { client, world } = await start(['/srv']);
    await client.create(PersistentVolumeClaim, claim(storageClasses.hostPath, { [hostPathAnnotation]: '/opt' }));
    const refused = await world.until(PersistentVolumeClaim, ref, ({ status }) => status?.conditions !== undefined);
    expect(refused.status).toMatchObject({
      phase: 'Pending',
      conditions: [{ status: 'False', reason: 'HostPathRefused' }],
    });
    await client.delete(PersistentVolumeClaim, ref);
    await world.untilGone(PersistentVolumeClaim, ref);
    await client.create(PersistentVolumeClaim, claim(storageClasses.hostPath, { [hostPathAnnotation]: '/srv' }));
    const bound = await world.until(PersistentVolumeClaim, ref, ({ status }) => status?.phase === 'Bound');
    await client.delete(PersistentVolumeClaim, ref);
    await world.untilGone(PersistentVolumeClaim, ref);
    await world.untilGone(PersistentVolume, { name: bound.spec.volumeName! });
    expect(existsSync('/srv')).toBe(true);
  });
});
