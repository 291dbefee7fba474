import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startEventRecorder } from '../../../src/controllers/events/event-recorder.ts';
import type { Occurrence } from '../../../src/controllers/events/occurrence.ts';
import { occurrencesOfJob, occurrencesOfTask } from '../../../src/controllers/events/of-kf.ts';
import { occurrencesOfPod } from '../../../src/controllers/events/of-pod.ts';
import { occurrencesOfRun } from '../../../src/controllers/events/of-run.ts';
import { Event } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi } from '../../support/local-api.ts';

const told = (all: readonly Occurrence[]) => all.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
const ofTask = { 'kf.dev/task': 't' };
const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const pod = (labels: object, spec: object, status: object, metadata: object = {}) =>
  ({ metadata: { name: 'p', namespace: 'dev', labels, ...metadata }, spec, status }) as never as Pod;
const ended = (reason: string, message?: string) => ({
  phase: 'Failed',
  containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 1, reason, message } } }],
});

describe('what is worth an Event', () => {
  test('of a Pod that is nobody’s Task: what a kubelet tells', () => {
    const live = pod({}, { nodeName: 'n' }, { containerStatuses: [{ name: 'main', started: true, state: running }] });
    const usual = [
      'Normal Scheduled: Successfully assigned dev/p to n',
      'Normal Created: Created container main',
      'Normal Started: Started container main',
    ];
    expect(told(occurrencesOfPod(live))).toEqual(usual);
    const stopping = { ...live, metadata: { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(told(occurrencesOfPod(stopping))).toEqual([...usual, 'Normal Killing: Stopping container main']);
  });

  test('of one that runs on: each start, and that it waits for the next', () => {
    const initContainerStatuses = [
      { name: 'side', restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s …' } } },
    ];
    const looping = occurrencesOfPod(pod({}, { nodeName: 'n' }, { initContainerStatuses })).filter(
      ({ reason }) => reason !== 'Scheduled',
    );
    expect(looping).toMatchObject([
      { type: 'Warning', reason: 'BackOff', key: 'side 1', fieldPath: 'spec.initContainers{side}' },
    ]);
    expect(looping[0]?.message).toMatch(/^Back-off restarting failed container side in pod p_dev\(/);
    const again = [{ name: 'side', restartCount: 2, state: running }];
    expect(occurrencesOfPod(pod({}, { nodeName: 'n' }, { initContainerStatuses: again }))).toContainEqual(
      expect.objectContaining({ reason: 'Started', key: 'side 2' }),
    );
  });

  test.each([
    ['a command that fails', ended('Error'), []],
    ['success', { ...ended('Completed'), phase: 'Succeeded' }, []],
    ['no memory', ended('OOMKilled'), ['Warning OOMKilled: Container main: OOMKilled']],
    [
      'a command that is not there',
      ended('ContainerCannotRun', 'no such file'),
      ['Warning Failed: Error: ContainerCannotRun: no such file'],
    ],
    [
      'an eviction',
      { ...ended('Error'), reason: 'Evicted', message: 'the disk is nearly full' },
      ['Warning Evicted: the disk is nearly full'],
    ],
    [
      'a volume that lacks its Secret',
      { conditions: [{ type: 'node.kf.dev/VolumesMounted', status: 'False', reason: 'FailedMount', message: 'no' }] },
      ['Warning FailedMount: no'],
    ],
    [
      'a pull',
      { conditions: [{ type: 'node.kf.dev/ImagesPulled', status: 'False', reason: 'Pulling', message: 'debian:12' }] },
      ['Normal Pulling: debian:12'],
    ],
    [
      'a pull that fails',
      {
        conditions: [{ type: 'node.kf.dev/ImagesPulled', status: 'False', reason: 'ImagePullBackOff', message: 'no' }],
      },
      ['Warning BackOff: no'],
    ],
  ])('of a Task’s Pod, %s', (_, status, expected) => {
    expect(told(occurrencesOfPod(pod(ofTask, { nodeName: 'n' }, status)))).toEqual(expected);
  });

  test('of a Pod that has no room', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'WaitingForRoom', message: '1 of 1' }];
    expect(told(occurrencesOfPod(pod(ofTask, {}, { conditions })))).toEqual([
      'Warning FailedScheduling: WaitingForRoom: 1 of 1',
    ]);
  });

  const run = (labels: object, status: string, reason: string) =>
    ({
      kind: 'TaskRun',
      metadata: { labels },
      status: { conditions: [{ type: 'Succeeded', status, reason, message: 'm' }] },
    }) as never;
  test.each([
    [{}, 'Unknown', 'Started', ['Normal Started: ']],
    [{}, 'Unknown', 'Running', ['Normal Started: ', 'Normal Running: m']],
    [{}, 'Unknown', 'ResolvingTaskRef', ['Normal Started: ']],
    [{}, 'Unknown', 'TaskRunPending', ['Normal Started: ']],
    [{}, 'True', 'Succeeded', ['Normal Started: ', 'Normal Succeeded: m']],
    [{}, 'False', 'TaskRunCancelled', ['Normal Started: ', 'Warning Failed: m']],
    [ofTask, 'Unknown', 'Running', []],
    [ofTask, 'True', 'Succeeded', []],
    [ofTask, 'False', 'Failed', ['Warning Failed: m']],
    [ofTask, 'False', 'TaskRunCancelled', []],
  ])('of a run with %j, %s %s', (labels, status, reason, expected) => {
    expect(told(occurrencesOfRun(run(labels, status, reason)))).toEqual(expected);
  });

  test.each([
    ['True', undefined, []],
    ['Unknown', 'Running', []],
    ['Unknown', 'WaitingForSpace', ['Normal WaitingForSpace: m']],
    ['Unknown', 'NodeNotReady', ['Warning NodeNotReady: m']],
    ['Unknown', 'WaitingForRetry', ['Warning WaitingForRetry: m']],
    ['False', 'TaskTimeout', ['Warning TaskTimeout: m']],
    ['False', 'TaskRunCancelled', ['Normal TaskRunCancelled: m']],
  ])('of a Task that is %s %s', (status, reason, expected) => {
    expect(told(occurrencesOfTask(run({}, status, reason as string)))).toEqual(expected);
  });

  test('of a Job: what it let go, while that is news', () => {
    const history = [
      { time: '2026-01-01T10:00:00Z', outcome: 'Skipped', message: 'nightly-1 is active' },
      { time: '2026-01-01T09:00:00Z', outcome: 'Missed' },
    ];
    const now = Date.parse('2026-01-01T10:05:00Z');
    expect(told(occurrencesOfJob({ status: { history } } as never, now))).toEqual([
      'Warning Skipped: the run of 2026-01-01T10:00:00Z: nightly-1 is active',
    ]);
  });
});

describe('the recorder', () => {
  let api: ReturnType<typeof startLocalApi>;
  const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));
  let stop: () => Promise<void>;
  beforeEach(() => {
    api = startLocalApi();
  });
  afterEach(async () => {
    await stop();
    await api.close();
  });
  const ref = (name: string) => ({ namespace: 'default', name });
  const create = (name: string) =>
    api.client.create(Pod, { metadata: ref(name), spec: { containers: [{ name: 'main' }] } });
  const wait = (object: Pod) =>
    api.client.updateStatus(Pod, {
      ...object,
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'WaitingForRoom', message: 'full' }] },
    });
  const nextEvent = async (resourceVersion: string) => {
    for await (const { type, object } of api.client.watch(Event, { namespace: 'default', resourceVersion }))
      if (type === 'ADDED') return object;
    throw new Error('the watch ended');
  };
  /** Lets what is due be written. */
  const settle = async () => {
    for (let turn = 0; turn < 10; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(50);
    }
  };

  test('a wait is told when it is noticeable, once, also by the next server', async () => {
    const { resourceVersion } = await api.client.list(Event, {});
    ({ stop } = startEventRecorder({ client: api.client, clock }));
    const brief = await wait(await create('brief'));
    const long = await wait(await create('long'));
    await settle();
    await api.client.delete(Pod, brief.metadata as never, { gracePeriodSeconds: 0 });
    await settle();
    expect((await api.client.list(Event, { namespace: 'default' })).items).toEqual([]);
    clock.advance(5000);
    const [event] = await Promise.all([nextEvent(resourceVersion!), settle()]);
    expect(event).toMatchObject({
      involvedObject: { kind: 'Pod', name: 'long', uid: long.metadata.uid },
      type: 'Warning',
      reason: 'FailedScheduling',
      message: 'WaitingForRoom: full',
      count: 1,
    });
    await stop();
    ({ stop } = startEventRecorder({ client: api.client, clock }));
    await settle();
    clock.advance(5000);
    await settle();
    expect((await api.client.list(Event, { namespace: 'default' })).items).toHaveLength(1);
  });
});
