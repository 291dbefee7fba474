import { describe, expect, test } from 'vitest';
import { Task } from '../../../src/resources/kf/task.ts';

const spec: Task['spec'] = { appRef: { name: 'report' }, command: 'node etl.js', displayName: 'etl' };
const task = (changes: Partial<Task['spec']> = {}, status?: Task['status']): Task => ({
  apiVersion: 'kf.dev/v1alpha1',
  kind: 'Task',
  metadata: { name: 'etl', namespace: 'dev' },
  spec: { ...spec, ...changes },
  ...(status === undefined ? {} : { status }),
});
const refusedFields = (changed: Task, old: Task) => (Task.validate?.(changed, old) ?? []).map(({ field }) => field);

test('a Task is labelled as managed by Kf, unless something else says that it manages it', () => {
  const label = 'app.kubernetes.io/managed-by';
  const managed = task();
  const labelled = { ...managed, metadata: { ...managed.metadata, labels: { [label]: 'Helm' } } };
  expect([managed, labelled].map((one) => Task.default?.(one).metadata.labels?.[label])).toEqual(['kf', 'Helm']);
});

describe('what an update may change', () => {
  const waits = task();
  const started = task({}, { pipelineRunName: 'etl' });
  const refused = task({}, { conditions: [{ type: 'Succeeded', status: 'False' }] });

  test.each([
    { command: 'rm -r .' },
    { args: ['x'] },
    { env: [{ name: 'A', value: '1' }] },
    { memory: '2Gi' },
    { disk: '2Gi' },
    { cpu: '2' },
    { inputs: [{ secretName: 's', mountPath: '/in' }] },
  ])('%j of a Task that waits only', (changes) => {
    const [field] = Object.keys(changes);
    expect(refusedFields(task(changes), waits)).toEqual([]);
    expect(refusedFields(task(changes), started)).toEqual([`spec.${field}`]);
    expect(refusedFields(task(changes), refused)).toEqual([`spec.${field}`]);
  });

  test.each([
    { terminated: true },
    { displayName: 'x' },
    { gracePeriodSeconds: 0 },
    { timeout: '1h' },
    { retries: 3 },
    { args: [] },
    { memory: '' },
  ])('%j always', (changes) => {
    for (const old of [waits, started, refused]) expect(refusedFields(task(changes), old)).toEqual([]);
  });

  test('its App never', () => {
    expect(refusedFields(task({ appRef: { name: 'other' } }), waits)).toEqual(['spec.appRef.name']);
  });
});
