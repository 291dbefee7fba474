/** The TaskRun of one pipeline task. Pure. */

import type { Draft } from '../../client/client.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';
import type { PipelineRun, PipelineTask } from '../../resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { Param, ParamValue } from '../../resources/tekton/task-spec.ts';
import { setParam, substituteList, substituteText, type Variables } from '../variables/substitution.ts';

export const taskRunName = (run: PipelineRun, task: PipelineTask): string =>
  childName(run.metadata.name, `-${task.name}`);

export function taskRunOf(run: PipelineRun, task: PipelineTask): Draft<TaskRun> {
  const variables = pipelineVariables(run);
  return {
    metadata: {
      name: taskRunName(run, task),
      ...(run.metadata.namespace === undefined ? {} : { namespace: run.metadata.namespace }),
      labels: {
        [labels.logOwner]: run.metadata.uid ?? '',
        ...run.metadata.labels,
        [labels.pipelineRun]: run.metadata.name,
        [labels.pipelineRunUid]: run.metadata.uid ?? '',
        [labels.pipeline]: run.metadata.labels?.[labels.pipeline] ?? run.metadata.name,
        [labels.pipelineTask]: task.name,
        [labels.memberOf]: 'tasks',
      },
      ...(run.metadata.annotations === undefined ? {} : { annotations: run.metadata.annotations }),
      ownerReferences: [controllerRef(run)],
    },
    spec: {
      ...(task.taskSpec === undefined ? {} : { taskSpec: task.taskSpec }),
      ...(run.spec.taskRunTemplate?.podTemplate === undefined
        ? {}
        : { podTemplate: run.spec.taskRunTemplate.podTemplate }),
      ...(run.spec.taskRunTemplate?.serviceAccountName === undefined
        ? {}
        : { serviceAccountName: run.spec.taskRunTemplate.serviceAccountName }),
      params: paramsOf(run, task, variables),
      timeout: task.timeout ?? run.spec.timeouts?.tasks ?? run.spec.timeouts?.pipeline ?? '1h0m0s',
    },
  };
}

/** The run's params reach an embedded taskSpec without being declared (propagation); the task's own win. */
function paramsOf(run: PipelineRun, task: PipelineTask, variables: Variables): readonly Param[] {
  const params = new Map<string, ParamValue>((run.spec.params ?? []).map(({ name, value }) => [name, value]));
  for (const { name, value } of task.params ?? []) params.set(name, substituteValue(value, variables));
  return [...params].map(([name, value]) => ({ name, value }));
}

function pipelineVariables(run: PipelineRun): Variables {
  const variables = new Map<string, ParamValue>();
  for (const declared of run.spec.pipelineSpec?.params ?? [])
    if (declared.default !== undefined) setParam(variables, declared.name, declared.default);
  for (const given of run.spec.params ?? []) setParam(variables, given.name, given.value);
  variables.set('context.pipelineRun.name', run.metadata.name);
  variables.set('context.pipelineRun.namespace', run.metadata.namespace ?? '');
  variables.set('context.pipelineRun.uid', run.metadata.uid ?? '');
  return variables;
}

function substituteValue(value: ParamValue, variables: Variables): ParamValue {
  if (typeof value === 'string') {
    const whole = substituteList([value], variables);
    return whole.length === 1 ? whole[0]! : whole;
  }
  if (Array.isArray(value)) return substituteList(value as readonly string[], variables);
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, substituteText(text, variables)]));
}
