/** Status of a TaskRun (tekton.dev/v1). */

import { conditionSchema } from '../condition.ts';
import { containerStateSchema, usageSchema } from '../core/pod.ts';
import * as s from '../schema.ts';
import { artifactSchema, artifactsSchema } from './artifact.ts';
import { runResultSchema } from './param.ts';
import { provenanceSchema } from './reference.ts';
import { taskSpecSchema } from './task-spec.ts';

type ContainerState = s.Infer<typeof containerStateSchema>;
const state = (name: keyof ContainerState) => ({
  json: { ...containerStateSchema.json.properties?.[name] },
  optional: true as const,
});

const containerState = {
  name: s.describe('Name in the Task.', s.optional(s.string())),
  container: s.describe('Name in the Pod.', s.optional(s.string())),
  imageID: s.describe('The image that runs, by digest.', s.optional(s.string())),
  waiting: s.describe('Has not started.', state('waiting') as s.Schema<NonNullable<ContainerState['waiting']>, true>),
  running: s.describe('Runs.', state('running') as s.Schema<NonNullable<ContainerState['running']>, true>),
  terminated: s.describe(
    'Has ended.',
    state('terminated') as s.Schema<NonNullable<ContainerState['terminated']>, true>,
  ),
};

const stepStateSchema = s.object(
  {
    ...containerState,
    results: s.describe('Results that the step wrote.', s.optional(s.array(runResultSchema))),
    provenance: s.describe('Where the StepAction came from.', s.optional(provenanceSchema)),
    terminationReason: s.describe(
      '`Completed`, `Error`, `Continued`, `Skipped`, `TimeoutExceeded`, `Cancelled`, `OOMKilled`.',
      s.optional(s.string()),
    ),
    inputs: s.describe('Artifacts that the step used.', s.optional(s.array(artifactSchema))),
    outputs: s.describe('Artifacts that the step made.', s.optional(s.array(artifactSchema))),
    usage: s.describe('Counters of the step’s container. Added by kf-tasks.', s.optional(usageSchema)),
  },
  { open: true },
);
export type StepState = s.Infer<typeof stepStateSchema>;

const sidecarStateSchema = s.object(containerState, { open: true });
export type SidecarState = s.Infer<typeof sidecarStateSchema>;

/** A status that an earlier attempt ended with; a schema cannot contain itself. */
const earlierStatus = s.anyObject<Readonly<Record<string, unknown>>>() as s.Schema<TaskRunStatus, false>;

export const taskRunStatusSchema = s.object(
  {
    conditions: s.describe('`Succeeded` says how the run stands.', s.optional(s.array(conditionSchema))),
    podName: s.describe('The Pod of the current attempt.', s.optional(s.string())),
    startTime: s.describe('When the run was begun.', s.optional(s.time())),
    completionTime: s.describe('When the run was over.', s.optional(s.time())),
    steps: s.describe('Steps and how they stand.', s.optional(s.array(stepStateSchema))),
    sidecars: s.describe('Sidecars and how they stand.', s.optional(s.array(sidecarStateSchema))),
    results: s.describe('Results of the run.', s.optional(s.array(runResultSchema))),
    artifacts: s.describe('What the run used and made.', s.optional(artifactsSchema)),
    retriesStatus: s.describe('Statuses of earlier attempts, oldest first.', s.optional(s.array(earlierStatus))),
    taskSpec: s.describe('What was run, with all variables replaced.', s.optional(taskSpecSchema)),
    provenance: s.describe('Where the Task came from.', s.optional(provenanceSchema)),
    spanContext: s.describe('Of the trace that the run is part of.', s.optional(s.map(s.string()))),
    observedGeneration: s.describe('The generation that this status is of.', s.optional(s.integer())),
    annotations: s.describe('Further notes on the status.', s.optional(s.map(s.string()))),
  },
  { open: true },
);

export interface TaskRunStatus extends s.Infer<typeof taskRunStatusSchema> {}
