/** The Pod of a TaskRun: one container per step, ordered by the node's start-order annotation. Pure. */

import type { Draft } from '../../client/client.ts';
import type { Pod } from '../../resources/core/pod.ts';
import type { ContainerOrder, StartOrder } from '../../resources/core/start-order.ts';
import { parseDuration } from '../../resources/duration.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { Step, TaskSpec } from '../../resources/tekton/task-spec.ts';

export const podName = (run: { readonly metadata: { readonly name: string } }): string =>
  childName(run.metadata.name, '-pod');

/** `step-NAME`, or `step-unnamed-I` for a step without a name. */
export const stepContainer = (step: Step, index: number): string => `step-${step.name || `unnamed-${index}`}`;

/** Seconds; an annotation that is no number says nothing. */
export function gracePeriodOf(run: TaskRun): number | undefined {
  const text = run.metadata.annotations?.[annotations.gracePeriod] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

export function podOf(run: TaskRun, spec: TaskSpec): Draft<Pod> {
  const steps = spec.steps ?? [];
  const timeout = parseDuration(run.spec.timeout ?? '0s') ?? 0;
  const grace = gracePeriodOf(run);
  return {
    metadata: {
      name: podName(run),
      ...(run.metadata.namespace === undefined ? {} : { namespace: run.metadata.namespace }),
      labels: {
        // A run of nobody else's keeps its own log.
        [labels.logOwner]: run.metadata.uid ?? '',
        ...run.metadata.labels,
        [labels.managedBy]: 'tekton-pipelines',
        [labels.taskRun]: run.metadata.name,
        [labels.taskRunUid]: run.metadata.uid ?? '',
      },
      annotations: { ...run.metadata.annotations, [annotations.startOrder]: JSON.stringify(startOrder(steps)) },
      ownerReferences: [controllerRef(run)],
    },
    spec: {
      restartPolicy: 'Never',
      containers: steps.map((step, index) => ({
        name: stepContainer(step, index),
        ...(step.image === undefined ? {} : { image: step.image }),
        ...(step.imagePullPolicy === undefined ? {} : { imagePullPolicy: step.imagePullPolicy }),
        ...(step.command === undefined ? {} : { command: step.command }),
        ...(step.args === undefined ? {} : { args: step.args }),
        ...(step.workingDir === undefined ? {} : { workingDir: step.workingDir }),
        ...(step.env === undefined ? {} : { env: step.env }),
        ...(step.computeResources === undefined ? {} : { resources: step.computeResources }),
        ...(step.volumeMounts === undefined ? {} : { volumeMounts: step.volumeMounts }),
        ...(step.securityContext === undefined ? {} : { securityContext: step.securityContext }),
      })),
      ...pullSecretsOf(run),
      ...(spec.volumes === undefined ? {} : { volumes: spec.volumes }),
      ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }),
      ...(timeout > 0 ? { activeDeadlineSeconds: Math.ceil(timeout / 1000) } : {}),
    },
  };
}

/** Of Tekton's Pod template what the node knows. */
function pullSecretsOf({ spec: { podTemplate } }: TaskRun): Pick<Pod['spec'], 'imagePullSecrets'> {
  const { imagePullSecrets } = (podTemplate ?? {}) as Pick<Pod['spec'], 'imagePullSecrets'>;
  return imagePullSecrets === undefined ? {} : { imagePullSecrets };
}

/** Each step waits for the one before it; `onError: continue` lets the next one start all the same. */
function startOrder(steps: readonly Step[]): StartOrder {
  const order: Record<string, ContainerOrder> = {};
  for (const [index, step] of steps.entries()) {
    const before = steps[index - 1];
    const timeout = step.timeout === undefined ? undefined : parseDuration(step.timeout);
    const entry: ContainerOrder = {
      ...(before === undefined ? {} : { after: stepContainer(before, index - 1) }),
      ...(step.onError === 'continue' ? { ignoreFailure: true } : {}),
      ...(timeout === undefined || timeout === 0 ? {} : { timeoutSeconds: timeout / 1000 }),
    };
    if (Object.keys(entry).length > 0) order[stepContainer(step, index)] = entry;
  }
  return order;
}
