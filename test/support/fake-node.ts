/**
 * A node that runs Pods without containers: each ends as its command says (`exit N`, `exits N N …` by attempt, or `wait`
 * until it is deleted).
 */

import type { Client } from '../../src/client/client.ts';
import { systemClock } from '../../src/client/clock.ts';
import { itself, type RunningController, startController } from '../../src/client/controller.ts';
import { getIfExists } from '../../src/client/get-if-exists.ts';
import { type ContainerStatus, Pod, podFinished } from '../../src/resources/core/pod.ts';
import { annotations } from '../../src/resources/labels.ts';
import { type ObjectRef, refOf } from '../../src/resources/meta.ts';

const time = '2026-01-01T00:00:00Z';

export interface FakeNode extends RunningController {
  /** Commands by Pod uid, each once: a Pod that ran twice would show. */
  readonly ran: readonly string[];
}

export function startFakeNode(client: Client): FakeNode {
  const ran: string[] = [];
  const controller = startController({
    name: 'fake-node',
    client,
    clock: systemClock,
    watches: [itself(Pod)],
    reconcile: (request) => reconcile(client, request, ran),
  });
  return { ...controller, ran };
}

async function reconcile(client: Client, request: ObjectRef, ran: string[]): Promise<void> {
  const pod = await getIfExists(client, Pod, request);
  if (pod === undefined) return;
  if (pod.metadata.deletionTimestamp !== undefined) {
    const ended = podFinished(pod)
      ? pod
      : await setStatus(client, pod, 'Failed', {
          terminated: { exitCode: 143, reason: 'Error', startedAt: time, finishedAt: time },
        });
    return client.delete(Pod, refOf(ended), { gracePeriodSeconds: 0 });
  }
  if (podFinished(pod)) return;
  if (pod.metadata.annotations?.[annotations.endWithin] !== undefined) {
    const state = { terminated: { exitCode: 143, reason: 'Error', startedAt: time, finishedAt: time } };
    await setStatus(client, pod, 'Failed', state);
    return;
  }
  const line = pod.spec.containers[0]?.command?.at(-1) ?? '';
  if (pod.status?.phase !== 'Running') {
    ran.push(`${pod.metadata.uid} ${line}`);
    const scheduled = await client.update(Pod, { ...pod, spec: { ...pod.spec, nodeName: 'fake' } });
    await setStatus(client, scheduled, 'Running', { running: { startedAt: time } });
    return;
  }
  const attempt = pod.spec.containers[0]?.env?.find(({ name }) => name === 'KF_TASK_ATTEMPT')?.value;
  const codes = /exits ([\d ]+)/.exec(line)?.[1]?.split(' ');
  const code = codes?.[Number(attempt) - 1] ?? /exit (\d+)/.exec(line)?.[1];
  if (code === undefined) return;
  const exitCode = Number(code);
  await setStatus(client, pod, exitCode === 0 ? 'Succeeded' : 'Failed', {
    terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: time, finishedAt: time },
  });
}

function setStatus(
  client: Client,
  pod: Pod,
  phase: 'Running' | 'Succeeded' | 'Failed',
  state: ContainerStatus['state'],
): Promise<Pod> {
  const containerStatuses = pod.spec.containers.map(({ name }) => ({ name, state }));
  return client.updateStatus(Pod, { ...pod, status: { ...pod.status, phase, containerStatuses } });
}
