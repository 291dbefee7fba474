/** Labels and annotations of a PipelineRun's children. Pure. */

import { annotations, labels } from '../../resources/labels.ts';
import { controllerRef, type ObjectMeta } from '../../resources/meta.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { PipelineTask } from '../../resources/tekton/pipeline-spec.ts';
import { childKindOf } from './types.ts';

type Texts = Readonly<Record<string, string>>;

/** Set by `pipeline.tekton.dev/pipeline-task-on-error`: the TaskRun tells that its failure is ignored. */
const onErrorAnnotation = 'pipeline.tekton.dev/pipeline-task-on-error';

const own: readonly string[] = [annotations.rerunOf, labels.concurrencyKey, labels.concurrencyLimit];

/** What is about the run itself and not about its children: kubectl's, Tekton Chains', and some of ours. */
const isOwn = (name: string): boolean =>
  name === 'kubectl.kubernetes.io/last-applied-configuration' ||
  /(^|\.)chains\.tekton\.dev\//.test(name) ||
  /^results\.tekton\.dev\//.test(name) ||
  own.includes(name);

/** As in Tekton a CustomRun bears nothing of its own: its controller finds that in the spec. @param pipeline what `tekton.dev/pipeline` says; default: what it says of the run */
export function childMetadata(
  run: PipelineRun,
  task: PipelineTask,
  name: string,
  isFinally: boolean,
  pipeline?: string,
): Partial<ObjectMeta> {
  const { namespace, annotations: given = {}, labels: texts = {} } = run.metadata;
  const isCustom = childKindOf(task) === 'CustomRun';
  const special = isCustom
    ? undefined
    : run.spec.taskRunSpecs?.find((spec) => spec.pipelineTaskName === task.name)?.metadata;
  const within = isCustom ? undefined : task.taskSpec?.metadata;
  const notes: Texts = {
    ...within?.annotations,
    ...Object.fromEntries(Object.entries(given).filter(([key]) => !isOwn(key))),
    ...special?.annotations,
    ...(task.onError === 'continue' && !isCustom ? { [onErrorAnnotation]: 'continue' } : {}),
  };
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: {
      ...within?.labels,
      [labels.logOwner]: run.metadata.uid ?? '',
      ...Object.fromEntries(Object.entries(texts).filter(([key]) => !isOwn(key))),
      [labels.pipelineRun]: run.metadata.name,
      [labels.pipelineRunUid]: run.metadata.uid ?? '',
      [labels.pipeline]: pipeline ?? texts[labels.pipeline] ?? run.metadata.name,
      [labels.pipelineTask]: task.name,
      [labels.memberOf]: isFinally ? 'finally' : 'tasks',
      ...special?.labels,
    },
    ...(Object.keys(notes).length === 0 ? {} : { annotations: notes }),
    ownerReferences: [controllerRef(run)],
  };
}
