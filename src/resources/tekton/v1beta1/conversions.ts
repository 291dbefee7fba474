/** Tekton's kinds as v1beta1 has them: what its conversion webhook makes of one version for the other. Pure. */

import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Conversion } from '../../kind.ts';
import { badRequest } from '../../status.ts';
import { type Complaints, complaintText, disallowedFields, under } from '../validation/complaint.ts';
import { putBack, setAside } from './deprecated-steps.ts';
import { fromV1, isEmpty, memberOf, type Shape, toV1, withMember } from './shape.ts';

const container: Shape = { renames: { resources: 'computeResources' } };
/** PipelineResources are gone, and so are references by bundle without a resolver. */
const noResources = { refused: ['resources'] };
const reference: Shape = { refused: ['bundle'] };

const taskSpec: Shape = {
  ...noResources,
  members: { steps: container, stepTemplate: container, sidecars: container },
};

const pipelineTask: Shape = {
  ...noResources,
  members: {
    taskRef: reference,
    taskSpec,
    pipelineRef: reference,
    get pipelineSpec() {
      return pipelineSpec;
    },
  },
};
const pipelineSpec: Shape = { ...noResources, members: { tasks: pipelineTask, finally: pipelineTask } };

const overrides = { stepOverrides: 'stepSpecs', sidecarOverrides: 'sidecarSpecs' };
const overridden = { stepSpecs: container, sidecarSpecs: container };

const taskRunStatus: Shape = {
  renames: { taskResults: 'results' },
  members: {
    taskSpec,
    get retriesStatus() {
      return taskRunStatus;
    },
  },
};

const pipelineTaskRunSpec: Shape = {
  renames: { taskServiceAccountName: 'serviceAccountName', taskPodTemplate: 'podTemplate', ...overrides },
  members: overridden,
};

const shapes = {
  task: { members: { spec: taskSpec } },
  pipeline: { members: { spec: pipelineSpec } },
  taskRun: {
    members: {
      spec: { ...noResources, renames: overrides, members: { taskRef: reference, taskSpec, ...overridden } },
      status: taskRunStatus,
    },
  },
  pipelineRun: {
    members: {
      spec: {
        ...noResources,
        members: { pipelineRef: reference, pipelineSpec, taskRunSpecs: pipelineTaskRunSpec },
      },
      status: { renames: { pipelineResults: 'results' }, members: { pipelineSpec } },
    },
  },
} satisfies Record<string, Shape>;

/** @throws StatusError BadRequest in the words of Tekton's webhook */
function refuse(complaints: Complaints): void {
  if (complaints.length === 0) return;
  const text = complaintText(complaints);
  throw badRequest(
    `admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: ${text}`,
  );
}

function conversion(shape: Shape, isTask = false): Conversion {
  return {
    toStored(body) {
      const { value, complaints } = toV1(setAside(body, isTask), shape);
      refuse(complaints);
      return value as JsonObject;
    },
    fromStored: (object) => putBack(fromV1(object, shape) as JsonObject, isTask) as unknown as typeof object,
  };
}

const ofPipelineRuns = conversion(shapes.pipelineRun);

export const v1beta1 = {
  task: conversion(shapes.task, true),
  pipeline: conversion(shapes.pipeline),
  taskRun: conversion(shapes.taskRun),
  pipelineRun: {
    toStored: (body) => withMember(ofPipelineRuns.toStored(body), 'spec', nested),
    fromStored: (object) => withMember(ofPipelineRuns.fromStored(object), 'spec', flat),
  },
} satisfies Record<string, Conversion>;

/** One `timeout` became three; what all TaskRuns have got a place of its own. */
function nested(spec: unknown): unknown {
  if (!isJsonObject(spec)) return spec;
  const { timeout, serviceAccountName, podTemplate, ...rest } = spec;
  const isTimed = !isEmpty(timeout);
  if (isTimed && !isEmpty(rest.timeouts)) refuse(under('spec', [disallowedFields('timeout', 'timeouts')]));
  const template = {
    ...(isEmpty(serviceAccountName) ? {} : { serviceAccountName }),
    ...(podTemplate === undefined || podTemplate === null ? {} : { podTemplate }),
  };
  return {
    ...rest,
    ...(isTimed ? { timeouts: { pipeline: timeout } } : {}),
    ...(Object.keys(template).length === 0 ? {} : { taskRunTemplate: template }),
  };
}

function flat(spec: unknown): unknown {
  if (!isJsonObject(spec) || !isJsonObject(spec.taskRunTemplate)) return spec;
  const { taskRunTemplate, ...rest } = spec;
  const serviceAccountName = memberOf(taskRunTemplate, 'serviceAccountName');
  const podTemplate = memberOf(taskRunTemplate, 'podTemplate');
  return {
    ...rest,
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    ...(podTemplate === undefined ? {} : { podTemplate }),
  };
}
