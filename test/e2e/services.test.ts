/** Credentials on their way to Tasks: newest when a Task starts, and nowhere else. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AnyKind } from '../../src/client/client.ts';
import { Event } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { App } from '../../src/resources/kf/app.ts';
import { ServiceInstance } from '../../src/resources/kf/service-instance.ts';
import { ServiceInstanceBinding } from '../../src/resources/kf/service-instance-binding.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { Kf } from '../support/kf.ts';
import { connect } from '../support/kf-tasks.ts';

let kf: Kf;
beforeAll(async () => {
  // One Task at a time: the next one waits for room.
  kf = await Kf.create({ KF_MAX_TASKS: '1' });
  await kf.push('report', { 'a.txt': 'x' }, '-c', 'true');
  await kf.ok('cups', 'db', '-p', '{"uri":"pg://s3cret-1","password":"s3cret-1"}');
  await kf.ok('bind-service', 'report', 'db');
});
afterAll(() => kf.remove());

const show = 'echo "$DATABASE_URL $VCAP_SERVICES"';

test('a Task gets what its App is bound to when it starts, however long it waited', async () => {
  expect((await kf.ok('run-task', 'report', '-c', show, '--follow')).stdout).toMatch(
    /^pg:\/\/s3cret-1 \{"user-provided":\[/,
  );
  const first = await kf.ok('run-task', 'report', '-c', 'sleep 1000', '-o', 'name');
  const second = kf.run([
    'run-task',
    'report',
    '-c',
    `${show}; cat a.txt; echo; grep /results /proc/mounts`,
    '--follow',
  ]);
  const waits = async () => (await kf.ok('task', 'report', '3')).stdout;
  await expect.poll(() => waits().catch(() => '')).toMatch(/Waits for room on the machine/);
  const built = /the newest of App report at the start; now (\S+)/.exec(await waits())?.[1];
  await kf.ok('uups', 'db', '-p', '{"uri":"pg://s3cret-2"}');
  await kf.push('report', { 'a.txt': 'newer' }, '-c', 'true');
  await kf.ok('create-service', 'volume', 'results', '-c', '{"capacity":"16Mi"}');
  await kf.ok('bind-service', 'report', 'results', '-c', '{"mount":"/results"}');
  await kf.ok('terminate-task', first.stdout.trim().split('/')[1]!, '--now');
  expect((await second).stdout).toMatch(/^pg:\/\/s3cret-2 .*\nnewer\n.* \/results /s);
  const task = await waits();
  expect(task).toMatch(/Services: +db, results/);
  expect(task).toMatch(/Image: +\S+\n/);
  expect(/Image: +(\S+)\n/.exec(task)?.[1]).not.toBe(built);
  await kf.ok('unbind-service', 'report', 'results');
  await kf.ok('unbind-service', 'report', 'db');
  expect((await kf.ok('run-task', 'report', '-c', show, '--follow')).stdout).toBe(' {}\n');
});

test('no object but Secrets holds a credential, nor does the server’s log', async () => {
  await kf.ok('bind-service', 'report', 'db');
  await kf.ok('run-task', 'report', '--wait');
  const client = await connect(kf);
  const kinds: readonly AnyKind[] = [
    App,
    Task,
    PipelineRun,
    TaskRun,
    Pod,
    ServiceInstance,
    ServiceInstanceBinding,
    Event,
  ];
  for (const kind of kinds) {
    const { items } = await client.list(kind);
    if (kind !== Event) expect(items.length, kind.kind).toBeGreaterThan(0);
    expect(JSON.stringify(items), kind.kind).not.toContain('s3cret');
  }
  client.close();
  expect(readFileSync(join(kf.dataDir, 'server.log'), 'utf8')).not.toContain('s3cret');
});
