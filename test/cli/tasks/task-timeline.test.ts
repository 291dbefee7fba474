import { expect, test } from 'vitest';
import { progressOf } from '../../../src/cli/tasks/outcome.ts';
import { timelineOf } from '../../../src/cli/tasks/task-timeline.ts';
import { outcomeOf } from '../../../src/controllers/task/task-outcome.ts';
import { podStatus } from '../../../src/node/pods/status/pod-status.ts';
import { pulledStatus, pullingStatus } from '../../../src/node/scheduling/pull-status.ts';
import type { ImagePull } from '../../../src/resources/core/image-pull.ts';
import type { Pod } from '../../../src/resources/core/pod.ts';
import type { Task } from '../../../src/resources/kf/task.ts';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { statusFromPod } from '../../../src/tekton/task-run/status.ts';

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
const task = { metadata: { name: 't', creationTimestamp: at(0) }, spec: { appRef: { name: 'a' } } } as Task;
const bare = { metadata: { name: 'p' }, spec: { containers: [{ name: 'step-main', image: 'i' }] } } as never as Pod;

/** The Pod so many seconds later. */
function after(pod: Pod, second: number, pull?: ImagePull): Pod {
  const now = at(second);
  if (pull?.state === 'Pulled') return { ...pod, status: pulledStatus(pod, pull.message, now) };
  if (pull !== undefined)
    return { ...pod, status: pullingStatus(pod, { states: new Map([['i', pull]]), begun: at(1) }, now) };
  const runs = new Map([['step-main', { phase: 'starting' } as const]]);
  return {
    ...pod,
    status: podStatus({
      pod,
      runs,
      order: {},
      now,
      admitted: at(1),
      containerId: () => 'id',
      imageId: () => undefined,
      restartOf: () => undefined,
    }),
  };
}
const stages = (pod: Pod) => timelineOf(task, pod).filter(([, value]) => value !== undefined);

test('what was pulled has its stage between waiting and starting', () => {
  const pulling = after(bare, 1, { state: 'Pulling', message: 'docker.io/library/debian:12' });
  expect(stages(pulling)).toEqual([
    ['Queued', at(0)],
    ['Pulling', at(1)],
  ]);
  const again = after(pulling, 3, { state: 'ImagePullBackOff', message: 'no route' });
  expect(again.status?.containerStatuses?.[0]?.state?.waiting).toEqual({
    reason: 'ImagePullBackOff',
    message: 'no route',
  });
  const pulled = after(after(again, 5, { state: 'Pulled', message: 'i' }), 6);
  expect(stages(pulled)).toEqual([
    ['Queued', at(0)],
    ['Pulling', at(1)],
    ['Starting', at(5)],
  ]);
  expect(pulled.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ContainerCreating');
});

test('where nothing is pulled there is no such stage', () => {
  expect(stages(after(bare, 2))).toEqual([
    ['Queued', at(0)],
    ['Starting', at(1)],
  ]);
});

test('a Task whose image is pulled says so', () => {
  const run = { metadata: { name: 'r' }, spec: {} } as never as TaskRun;
  const told = (pull: ImagePull): string => {
    const status = statusFromPod(run, {}, after(bare, 1, pull), at(1));
    const { condition } = outcomeOf({ ...run, status });
    const conditions = [{ ...condition, type: 'Succeeded', lastTransitionTime: at(1) }];
    return progressOf({ ...task, status: { conditions } });
  };
  expect(told({ state: 'Pulling', message: 'pulling debian:12' })).toBe('waits for its image: pulling debian:12');
  expect(told({ state: 'ImagePullBackOff', message: 'debian:13: not found' })).toBe(
    'waits for its image: debian:13: not found; it is tried again by itself',
  );
});
