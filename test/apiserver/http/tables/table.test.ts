import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../../../src/apiserver/http/tables/columns.ts';
import { podStatus } from '../../../../src/apiserver/http/tables/core-columns.ts';
import { tableOf } from '../../../../src/apiserver/http/tables/table.ts';
import type { AnyKind } from '../../../../src/client/client.ts';
import { Event, Namespace, Node, Secret } from '../../../../src/resources/core/kinds.ts';
import { type ContainerState, Pod } from '../../../../src/resources/core/pod.ts';
import { SourcePackage } from '../../../../src/resources/kf/source-package.ts';
import { Task } from '../../../../src/resources/kf/task.ts';
import type { KubeObject } from '../../../../src/resources/meta.ts';
import { PipelineRun } from '../../../../src/resources/tekton/pipeline-run.ts';

const now = Date.parse('2026-01-01T00:01:18Z');
const metadata = { name: 'x', namespace: 'dev', creationTimestamp: '2026-01-01T00:00:00Z' };

function row(kind: AnyKind, fields: object): Readonly<Record<string, unknown>> {
  const object = { apiVersion: '', kind: kind.kind, metadata, ...fields } as KubeObject;
  return Object.fromEntries(columnsOf(kind).map((column) => [column.name, column.cell(object, now)]));
}

describe('declared columns', () => {
  test('a Task', () => {
    const status = { id: 3, duration: '2s', conditions: [{ type: 'Succeeded', status: 'False', reason: 'OOMKilled' }] };
    expect(row(Task, { spec: { displayName: 'task' }, status })).toEqual({
      Name: 'x',
      ID: 3,
      DisplayName: 'task',
      Age: '78s',
      Duration: '2s',
      Succeeded: 'False',
      Reason: 'OOMKilled',
    });
  });

  test('what is absent is blank, as is a value of another type', () => {
    expect(row(Task, { spec: {}, status: { id: 'three' } })).toMatchObject({ ID: null, Succeeded: null });
    expect(row(SourcePackage, { spec: { size: 5 } })).toMatchObject({ Size: 5, Image: null });
    expect(row(PipelineRun, { status: {} })).toMatchObject({ StartTime: null });
  });
});

const podOf = (states: readonly ContainerState[], rest: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers: states.map((_state, index) => ({ name: `c${index}` })) },
    status: {
      phase: 'Running',
      containerStatuses: states.map((state, index) => ({
        name: `c${index}`,
        ready: state.running !== undefined,
        state,
      })),
    },
    ...rest,
  }) as Pod;

describe('a Pod’s status', () => {
  const running = { running: {} };
  const completed = { terminated: { exitCode: 0, reason: 'Completed' } };
  test.each([
    ['no container yet', podOf([], { status: { phase: 'Pending' } }), 'Pending'],
    ['waiting', podOf([{ waiting: { reason: 'ContainerCreating' } }]), 'ContainerCreating'],
    ['running', podOf([running]), 'Running'],
    ['completed', podOf([completed]), 'Completed'],
    ['one completed, one running', podOf([completed, running]), 'NotReady'],
    ['error', podOf([{ terminated: { exitCode: 3, reason: 'Error' } }]), 'Error'],
    ['exit code without reason', podOf([{ terminated: { exitCode: 3 } }]), 'ExitCode:3'],
    ['signal', podOf([{ terminated: { exitCode: 137, signal: 9 } }]), 'Signal:9'],
    ['the Pod’s own reason', podOf([], { status: { phase: 'Failed', reason: 'Evicted' } }), 'Evicted'],
    ['deleted', podOf([running], { metadata: { ...metadata, deletionTimestamp: 'now' } }), 'Terminating'],
  ])('%s', (_name, pod, expected) => {
    expect(podStatus(pod)).toBe(expected);
  });

  test('with its other columns', () => {
    const cells = row(Pod, { ...podOf([completed, running]), metadata });
    expect(cells).toMatchObject({ Ready: '1/2', Status: 'NotReady', Restarts: '0', Age: '78s', IP: '<none>' });
  });
});

describe('core kinds', () => {
  test('Namespace, Secret, Node', () => {
    expect(row(Namespace, {})).toEqual({ Name: 'x', Status: 'Active', Age: '78s' });
    expect(row(Secret, { type: 'Opaque', data: { a: '', b: '' } })).toEqual({
      Name: 'x',
      Type: 'Opaque',
      Data: 2,
      Age: '78s',
    });
    const status = { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1' } };
    expect(row(Node, { status })).toMatchObject({ Status: 'Ready', Roles: '<none>', Version: 'v1' });
  });

  test('Event: when, what, whose', () => {
    const event = {
      involvedObject: { kind: 'Pod', name: 'p' },
      reason: 'Started',
      message: ' it runs\n',
      type: 'Normal',
      count: 3,
      firstTimestamp: '2026-01-01T00:00:18Z',
      lastTimestamp: '2026-01-01T00:01:08Z',
    };
    expect(row(Event, event)).toMatchObject({
      'Last Seen': '10s (x3 over 60s)',
      Object: 'pod/p',
      Message: 'it runs',
      Name: 'x',
    });
    expect(columnsOf(Event)[0]?.name).toBe('Last Seen');
  });
});

test('tableOf: rows carry metadata, or the object, or nothing', () => {
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata } as KubeObject;
  const rows = (include: 'Metadata' | 'Object' | 'None') =>
    (tableOf(Namespace, [object], { version: 'v1beta1', include, now }) as { rows: { object?: object }[] }).rows;
  expect(rows('Metadata')[0]?.object).toEqual({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1beta1',
    metadata,
  });
  expect(rows('Object')[0]?.object).toBe(object);
  expect(rows('None')[0]).not.toHaveProperty('object');
});
