/** What `--drain` and `--kill` do before the server is stopped. */

import type { AnyKind } from '../../client/client.ts';
import { isFinal } from '../../resources/condition.ts';
import { drainPatch } from '../../resources/core/draining.ts';
import { Node } from '../../resources/core/kinds.ts';
import { Pod, podFinished } from '../../resources/core/pod.ts';
import { type JobRun, type JobRunKind, termination } from '../../resources/kf/job-run.ts';
import { Task } from '../../resources/kf/task.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { controllerOf, refOf } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { KfClient } from '../kf-client.ts';
import { waitFor } from '../wait/observe.ts';

const isRunning = (task: Task): boolean => !isFinal(task) && task.status?.startTime !== undefined;

async function unfinished(client: KfClient): Promise<readonly Task[]> {
  const { items } = await client.list(Task, { unfinishedOnly: true });
  return items.filter((task) => !isFinal(task));
}

/** A server that does not answer is stopped all the same. */
export async function countRunning(context: Context): Promise<number> {
  try {
    return (await unfinished(await context.connection({ mayStart: false }))).filter(isRunning).length;
  } catch {
    return 0;
  } finally {
    context.close();
  }
}

const counted = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);

/** Terminates all, waiting ones too, and runs of nobody's Task. Resolves when they have ended. */
export async function killTasks(context: Context): Promise<void> {
  const client = await context.connection({ mayStart: false });
  const tasks = await unfinished(client);
  if (tasks.length > 0) context.io.note(`Terminating ${counted(tasks.length)}...`);
  for (const task of tasks)
    await client.patch(Task, refOf(task), {
      type: 'merge',
      body: { spec: { terminated: true, gracePeriodSeconds: 0 } },
    });
  const ends: End[] = tasks.map((task) => ({
    name: task.metadata.name,
    ended: waitFor(context, Task, refOf(task), isFinal, { from: task }),
  }));
  for (const kind of [PipelineRun, TaskRun]) ends.push(...(await cancelRuns(context, client, kind)));
  ends.push(...(await deletePods(context, client)));
  try {
    await untilEnded(context, ends);
  } finally {
    context.close();
  }
}

/** Runs that do not end with their Task or PipelineRun. */
async function cancelRuns(context: Context, client: KfClient, kind: AnyKind & JobRunKind): Promise<readonly End[]> {
  const items: readonly JobRun[] = (await client.list<AnyKind>(kind, { unfinishedOnly: true })).items;
  const own = items.filter((run) => !isFinal(run) && !['Task', 'PipelineRun'].includes(controllerOf(run)?.kind ?? ''));
  const body = { ...termination(kind), metadata: { annotations: { [annotations.gracePeriod]: '0' } } };
  for (const run of own) await client.patch<AnyKind>(kind, refOf(run), { type: 'merge', body });
  return own.map((run) => ({
    name: run.metadata.name,
    ended: waitFor<AnyKind>(context, kind, refOf(run), isFinal, { from: run }),
  }));
}

/** Pods that no controller made. */
async function deletePods(context: Context, client: KfClient): Promise<readonly End[]> {
  const { items } = await client.list(Pod, { unfinishedOnly: true });
  const own = items.filter((pod) => !podFinished(pod) && controllerOf(pod) === undefined);
  for (const pod of own) await client.delete(Pod, refOf(pod), { gracePeriodSeconds: 1 });
  return own.map((pod) => ({
    name: pod.metadata.name,
    ended: waitFor(context, Pod, refOf(pod), podFinished, { from: pod }),
  }));
}

/** Lets nothing new start, and resolves when what runs has ended. Interrupted, all goes on as before. */
export async function drainTasks(context: Context): Promise<void> {
  const client = await context.connection({ mayStart: false });
  const setDraining = async (on: boolean): Promise<void> => {
    const { items } = await client.list(Node, { labelSelector: `${labels.managedBy}=kf` });
    for (const { metadata } of items)
      await client.patch(Node, { name: metadata.name }, { type: 'merge', body: drainPatch(on) });
  };
  let interrupt: () => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = () => reject(new CliError('interrupted: the server goes on', { exitCode: 130 }));
  });
  // It may come while nobody is waiting.
  interrupted.catch(() => undefined);
  const handle = context.io.onInterrupt(() => interrupt());
  try {
    await setDraining(true);
    // More than once: one may just have been starting.
    for (let running = await runningPods(client); running.length > 0; running = await runningPods(client)) {
      context.io.note(`Waiting for ${counted(running.length)}...`);
      const ends = running.map((pod) => ({
        name: pod.metadata.labels?.[labels.task] ?? pod.metadata.name,
        ended: waitFor(context, Pod, refOf(pod), podFinished, { from: pod }),
      }));
      await Promise.race([interrupted, untilEnded(context, ends)]);
    }
    await Promise.race([interrupted, Promise.resolve()]);
  } catch (error) {
    await setDraining(false);
    throw error;
  } finally {
    handle.remove();
    context.close();
  }
}

/** Tasks between two attempts, and what waits, are no reason to wait: they go on with the next server. */
async function runningPods(client: KfClient): Promise<readonly Pod[]> {
  const { items } = await client.list(Pod, { unfinishedOnly: true });
  return items.filter((pod) => !podFinished(pod) && pod.spec.nodeName);
}

interface End {
  readonly name: string;
  readonly ended: Promise<unknown>;
}

/** Says every 30 s what is left. */
async function untilEnded({ io }: Context, ends: readonly End[]): Promise<void> {
  const left = new Set(ends);
  const progress = setInterval(() => {
    const names = [...left].slice(0, 3).map(({ name }) => name);
    io.note(`Still waiting for ${counted(left.size)}: ${names.join(', ')}${left.size > 3 ? ', …' : ''}`);
  }, 30_000);
  try {
    await Promise.all(ends.map((end) => end.ended.then(() => left.delete(end))));
  } finally {
    clearInterval(progress);
  }
}
