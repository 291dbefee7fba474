import { afterAll, beforeAll, expect, test } from 'vitest';
import { Node } from '../../src/resources/core/kinds.ts';
import { Kf } from '../support/kf.ts';
import { connect, finished, running, startTask, until } from '../support/kf-tasks.ts';

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('app', { 'run.sh': 'true\n' });
});
afterAll(() => kf.remove());

/** Resolves when the Node is as wanted. */
async function unschedulable(wanted: boolean): Promise<void> {
  const client = await connect(kf);
  const isWanted = (node: Node): boolean => (node.spec?.unschedulable === true) === wanted;
  const { items, resourceVersion } = await client.list(Node);
  if (!items.every(isWanted))
    for await (const { object } of client.watch(Node, { resourceVersion })) if (isWanted(object)) break;
  client.close();
}

test('--drain lets nothing new start, waits for what runs, and the next server goes on; interrupted, this one does', async () => {
  const long = await startTask(kf, 'app', 'while [ ! -e /tmp/go ]; do sleep 0.05; done; echo went');
  await running(kf, long);
  const pid = await kf.serverPid();

  let interrupt = (): void => {};
  const interrupted = kf.run(['server', 'stop', '--drain'], {
    interrupt: new Promise<void>((resolve) => {
      interrupt = resolve;
    }),
  });
  await unschedulable(true);
  interrupt();
  expect(await interrupted).toMatchObject({ code: 130, stderr: expect.stringContaining('the server goes on') });
  await unschedulable(false);
  const between = await startTask(kf, 'app', 'true');
  await finished(kf, between);

  const last = await startTask(kf, 'app', 'sleep 1000');
  await running(kf, last);
  await kf.ok('terminate-task', 'app', '1', '--async');
  const draining = kf.run(['server', 'stop', '--drain']);
  await unschedulable(true);
  const later = await startTask(kf, 'app', 'true');
  const waiting = await until(kf, later, ({ status }) => JSON.stringify(status).includes('being stopped'));
  expect(waiting.status?.startTime).toBeUndefined();
  await kf.ok('terminate-task', last, '--async');
  const { code, stderr } = await draining;
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/Waiting for [12] tasks?\.\.\./);
  expect(stderr).toContain('The server is stopped.\n');

  await kf.ok('server', 'start');
  expect(await kf.serverPid()).not.toBe(pid);
  const task = await finished(kf, later);
  expect(task.status?.conditions?.find(({ type }) => type === 'Succeeded')?.status).toBe('True');
});
