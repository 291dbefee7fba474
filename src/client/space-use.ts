/** What runs in a Space with limits, read from the server by both controllers that decide about room there. */

import { isFinal } from '../resources/condition.ts';
import { Pod } from '../resources/core/pod.ts';
import { hasRoom } from '../resources/kf/space-task-runs.ts';
import { labels } from '../resources/labels.ts';
import { isKfsOwn } from '../resources/tekton/kfs-own.ts';
import { PipelineRun } from '../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../resources/tekton/task-run.ts';
import type { Client, ListOptions } from './client.ts';

/** Key of the mutex under which room in a Space is given. */
export const spaceLockKey = (namespace: string): string => `space ${namespace}`;

/** The runs of Tasks. */
export async function runsOfTasks(client: Client, namespace: string): Promise<readonly PipelineRun[]> {
  const labelSelector = `${labels.component}=task,${labels.task}`;
  const { items } = await client.list(PipelineRun, { ...unfinishedIn(namespace), labelSelector });
  return items.filter((run) => !isFinal(run));
}

export interface OtherRuns {
  /** TaskRuns that are nobody's Task, and not over. */
  readonly all: readonly TaskRun[];
  /** Those of them that have their Pod, or are about to make a further one. */
  readonly withRoom: readonly TaskRun[];
}

export async function otherTaskRuns(client: Client, namespace: string): Promise<OtherRuns> {
  const { items } = await client.list(TaskRun, unfinishedIn(namespace));
  const all = items.filter((run) => !isFinal(run) && !isKfsOwn(run));
  // Its status may not tell of its Pod yet.
  const pods = all.every(hasRoom) ? new Set<string>() : await runsWithPods(client, namespace);
  return { all, withRoom: all.filter((run) => hasRoom(run) || pods.has(run.metadata.uid ?? '')) };
}

async function runsWithPods(client: Client, namespace: string): Promise<ReadonlySet<string>> {
  const labelSelector = `${labels.taskRunUid},!${labels.task}`;
  const { items } = await client.list(Pod, { ...unfinishedIn(namespace), labelSelector });
  return new Set(items.map(({ metadata }) => metadata.labels?.[labels.taskRunUid] ?? ''));
}

const unfinishedIn = (namespace: string): ListOptions => ({ namespace, unfinishedOnly: true, consistent: true });
