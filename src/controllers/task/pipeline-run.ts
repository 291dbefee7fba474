/** The PipelineRun of one attempt of a Task: one pipeline task with one step, both named `user-container`. Pure. */

import type { Draft } from '../../client/client.ts';
import type { ResourceRequirements } from '../../resources/core/pod.ts';
import { type App, hasImageCommand } from '../../resources/kf/app.ts';
import type { Space } from '../../resources/kf/space.ts';
import type { Task } from '../../resources/kf/task.ts';
import { annotations, labels, userContainer } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { attemptVariable, taskEnv, unexpanded } from './task-env.ts';
import { servicesNote } from './task-services.ts';
import { volumeMountsOf, volumesOf } from './task-volumes.ts';

/** The first attempt bears the Task's own name (Kf: the TaskRun does). */
export const pipelineRunName = (task: Task, attempt: number): string =>
  attempt === 1 ? task.metadata.name : childName(task.metadata.name, `-attempt-${attempt}`);

/** Name of the one TaskRun, as Tekton makes it. */
export const taskRunName = (run: PipelineRun): string => childName(run.metadata.name, `-${userContainer}`);

/** What a Task runs: a shell line, an exact argv, or what the image does by itself. */
export type TaskCommand = { readonly command?: readonly string[]; readonly args?: readonly string[] };

/** Undefined when neither the Task nor the App nor its image says what to run. */
export function commandOf(task: Task, app: App): TaskCommand | undefined {
  const found = ownCommandOf(task, app);
  const { launcher } = app.status?.stack ?? {};
  if (launcher === undefined || found?.command === undefined) return found;
  // What buildpacks have set, the launcher gives to its child alone.
  return { command: [launcher, '--', ...found.command] };
}

function ownCommandOf(task: Task, app: App): TaskCommand | undefined {
  const { command, args } = task.spec;
  // The word after the line is the shell's $0; the arguments become its "$@".
  if (command) return { command: args?.length ? [...shell(command), 'sh', ...args] : shell(command) };
  if (args?.length) return { command: args };
  const container = app.spec.template.spec.containers[0];
  if (container?.command?.length) return { command: [...container.command, ...(container.args ?? [])] };
  if (container?.args?.length === 1) return { command: shell(container.args[0]!) };
  if (container?.args?.length) return { command: container.args };
  const found = app.status?.startCommands?.image?.[0];
  if (found !== undefined) return { command: shell(found) };
  return hasImageCommand(app) ? {} : undefined;
}

const shell = (line: string): readonly string[] => ['/bin/sh', '-c', line];

export interface TaskContext {
  readonly app: App;
  readonly space: Space | undefined;
  /** The Task's number. */
  readonly id: number;
  readonly image: string;
  readonly command: TaskCommand;
}

/** The first attempt. */
export function pipelineRunOf(task: Task, context: TaskContext): Draft<PipelineRun> {
  const { app, space, id, image, command } = context;
  const grace = task.spec.gracePeriodSeconds ?? space?.spec?.runtimeConfig?.terminationGracePeriodSeconds;
  const timeout = task.spec.timeout ?? '0s';
  const notes = {
    ...(grace === undefined ? {} : { [annotations.gracePeriod]: String(grace) }),
    ...servicesNote(app),
  };
  return {
    metadata: {
      name: pipelineRunName(task, 1),
      ...(task.metadata.namespace === undefined ? {} : { namespace: task.metadata.namespace }),
      labels: {
        [labels.appName]: app.metadata.name,
        [labels.managedBy]: 'kf',
        [labels.component]: 'task',
        [labels.version]: String(id),
        [labels.networkPolicy]: 'app',
        [labels.logOwner]: task.metadata.uid ?? '',
        [labels.task]: task.metadata.name,
        [labels.attempt]: '1',
      },
      ...(Object.keys(notes).length === 0 ? {} : { annotations: notes }),
      ownerReferences: [controllerRef(task)],
    },
    spec: {
      pipelineSpec: {
        tasks: [
          {
            name: userContainer,
            timeout,
            taskSpec: {
              steps: [
                {
                  name: userContainer,
                  image,
                  ...literally(command),
                  env: taskEnv(task, app, space, id),
                  computeResources: taskResources(task, app),
                  ...volumeMountsOf(task, app),
                },
              ],
              ...volumesOf(task, app),
            },
          },
        ],
      },
      // Tekton's default of 60 minutes must be switched off explicitly.
      ...pullSecretsOf(app),
      timeouts: { pipeline: '0s' },
    },
  };
}

/** The image may have to be pulled again. */
function pullSecretsOf({ spec: { build } }: App): Pick<PipelineRun['spec'], 'taskRunTemplate'> {
  const imagePullSecrets = build.imagePullSecrets ?? build.spec?.imagePullSecrets;
  return imagePullSecrets === undefined ? {} : { taskRunTemplate: { podTemplate: { imagePullSecrets } } };
}

/** A further attempt: what the one before it ran, whatever has become of the App since. */
export function nextPipelineRunOf(task: Task, before: PipelineRun, attempt: number): Draft<PipelineRun> {
  const { labels: given, annotations: notes, namespace } = before.metadata;
  const { status: _cancelled, ...spec } = before.spec;
  const tasks = (spec.pipelineSpec?.tasks ?? []).map((pipelineTask) => ({
    ...pipelineTask,
    ...(pipelineTask.taskSpec === undefined ? {} : { taskSpec: inAttempt(pipelineTask.taskSpec, attempt) }),
  }));
  return {
    metadata: {
      name: pipelineRunName(task, attempt),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...withoutTekton(given), [labels.attempt]: String(attempt) },
      ...(notes === undefined ? {} : { annotations: withoutTekton(notes) }),
      ownerReferences: [controllerRef(task)],
    },
    spec: { ...spec, pipelineSpec: { ...spec.pipelineSpec, tasks } },
  };
}

/** What Tekton has added to the run before is that run's alone. */
const withoutTekton = (map: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(map).filter(([key]) => !/(^|\.)tekton\.dev\//.test(key)));

const inAttempt = (spec: TaskSpec, attempt: number): TaskSpec => ({
  ...spec,
  steps: (spec.steps ?? []).map((step) => ({
    ...step,
    env: (step.env ?? []).map((variable) =>
      variable.name === attemptVariable ? { ...variable, value: String(attempt) } : variable,
    ),
  })),
});

/** A person's line must reach the shell as it was typed. */
function literally({ command, args }: TaskCommand): TaskCommand {
  return {
    ...(command === undefined ? {} : { command: command.map(unexpanded) }),
    ...(args === undefined ? {} : { args: args.map(unexpanded) }),
  };
}

/** The Task's flags set request and limit; else the App's count. CPU has no limit unless asked for. */
export function taskResources(task: Task, app: App): ResourceRequirements {
  const own = app.spec.template.spec.containers[0]?.resources;
  const memory = task.spec.memory || own?.limits?.memory || '1Gi';
  const disk = task.spec.disk || own?.limits?.['ephemeral-storage'] || '1Gi';
  const cpu = task.spec.cpu || own?.limits?.cpu;
  return {
    requests: { memory, 'ephemeral-storage': disk, cpu: task.spec.cpu || own?.requests?.cpu || '100m' },
    limits: { memory, 'ephemeral-storage': disk, ...(cpu === undefined ? {} : { cpu }) },
  };
}
