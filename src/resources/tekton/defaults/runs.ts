/** What Tekton's webhook fills in of runs. Pure. */

import { labels } from '../../labels.ts';
import type { KubeObject, ObjectMeta } from '../../meta.ts';
import type { CustomRun } from '../custom-run.ts';
import { tektonRelease } from '../feature-flags.ts';
import { isKfsOwn } from '../kfs-own.ts';
import type { PipelineRun } from '../pipeline-run.ts';
import type { TaskRun } from '../task-run.ts';
import { params } from './param-values.ts';
import { canonicalDuration, pipelineSpecDefaults, taskRefDefaults, taskSpecDefaults } from './specs.ts';

/** Tekton's `default-service-account`. */
const serviceAccountName = 'default';
/** Tekton's `default-timeout-minutes`. */
const wholeRun = '1h0m0s';

/** Tekton Chains alone says that it has signed something; a new run cannot. */
const isReserved = (annotation: string): boolean => annotation.includes('chains.tekton.dev/');

function withoutReserved({ metadata }: KubeObject): ObjectMeta {
  const { annotations, resourceVersion } = metadata;
  if (resourceVersion !== undefined || !Object.keys(annotations ?? {}).some(isReserved)) return metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !isReserved(key));
  return { ...metadata, annotations: Object.fromEntries(kept) };
}

/** The release by which a TaskRun is run, and its Pod made. */
const releaseAnnotation = 'pipeline.tekton.dev/release';

function taskRunMetadata(run: TaskRun): ObjectMeta {
  const metadata = withoutReserved(run);
  const isNew = metadata.resourceVersion === undefined && !isKfsOwn(run);
  return {
    ...metadata,
    labels: { [labels.managedBy]: 'tekton-pipelines', ...metadata.labels },
    ...(isNew ? { annotations: { ...metadata.annotations, [releaseAnnotation]: tektonRelease } } : {}),
  };
}

export const taskRunDefaults = (run: TaskRun): TaskRun => ({
  ...run,
  metadata: taskRunMetadata(run),
  spec: taskRunSpecDefaults(run.spec),
});

export function taskRunSpecDefaults(spec: TaskRun['spec']): TaskRun['spec'] {
  const { taskRef, taskSpec, timeout = wholeRun } = spec;
  return {
    ...spec,
    ...(spec.params === undefined ? {} : { params: params(spec.params)! }),
    ...(taskRef === undefined ? {} : { taskRef: taskRefDefaults(taskRef) }),
    ...(taskSpec === undefined ? {} : { taskSpec: taskSpecDefaults(taskSpec) }),
    timeout: canonicalDuration(timeout),
    serviceAccountName: spec.serviceAccountName || serviceAccountName,
  };
}

export const pipelineRunDefaults = (run: PipelineRun): PipelineRun => ({
  ...run,
  metadata: withoutReserved(run),
  spec: pipelineRunSpecDefaults(run.spec),
});

export function pipelineRunSpecDefaults(spec: PipelineRun['spec']): PipelineRun['spec'] {
  const { pipelineSpec, timeouts, taskRunTemplate, taskRunSpecs } = spec;
  const durations = Object.entries({ pipeline: wholeRun, ...timeouts }).map(([key, text]) => [
    key,
    canonicalDuration(text ?? wholeRun),
  ]);
  return {
    ...spec,
    ...(spec.params === undefined ? {} : { params: params(spec.params)! }),
    ...(pipelineSpec === undefined ? {} : { pipelineSpec: pipelineSpecDefaults(pipelineSpec) }),
    ...(spec.pipelineRef?.params === undefined
      ? {}
      : { pipelineRef: { ...spec.pipelineRef, params: params(spec.pipelineRef.params)! } }),
    timeouts: Object.fromEntries(durations),
    taskRunTemplate: {
      ...taskRunTemplate,
      serviceAccountName: taskRunTemplate?.serviceAccountName || serviceAccountName,
    },
    ...(taskRunSpecs === undefined
      ? {}
      : {
          taskRunSpecs: taskRunSpecs.map((one) =>
            one.timeout === undefined ? one : { ...one, timeout: canonicalDuration(one.timeout) },
          ),
        }),
  };
}

export const customRunDefaults = (run: CustomRun): CustomRun => ({
  ...run,
  spec: {
    ...run.spec,
    ...(run.spec.params === undefined ? {} : { params: params(run.spec.params)! }),
    ...(run.spec.timeout === undefined ? {} : { timeout: canonicalDuration(run.spec.timeout) }),
    serviceAccountName: run.spec.serviceAccountName || serviceAccountName,
  },
});
