/** The runs of a Job: Tasks, or the TaskRuns or PipelineRuns of its template. What they have in common. Pure. */

import { labels } from '../labels.ts';
import { controllerOf, controllerRef, type KubeObject } from '../meta.ts';
import { PipelineRun } from '../tekton/pipeline-run.ts';
import { TaskRun } from '../tekton/task-run.ts';
import { Task } from './task.ts';
import type { TaskSchedule } from './task-schedule.ts';

export type JobRun = Task | TaskRun | PipelineRun;
export type JobRunKind = typeof Task | typeof TaskRun | typeof PipelineRun;

/** What the Job makes, as its template says. */
export function runKindOf({ spec }: TaskSchedule): JobRunKind {
  if (spec.pipelineRunTemplate !== undefined) return PipelineRun;
  return spec.taskRunTemplate === undefined ? Task : TaskRun;
}

/** Tekton's words for a run that is held back, and for one that is to end. */
const statusOf = {
  TaskRun: { pending: 'TaskRunPending', cancelled: 'TaskRunCancelled' },
  PipelineRun: { pending: 'PipelineRunPending', cancelled: 'Cancelled' },
} as const;
type TektonKind = keyof typeof statusOf;

/** Whether it may not start yet. */
export function isHeld(run: JobRun): boolean {
  if ('appRef' in run.spec) return run.spec.pending === true;
  return run.spec.status === statusOf[run.kind as TektonKind].pending;
}

/** Whether somebody has asked for its end. */
export function isTerminating(run: JobRun): boolean {
  if ('appRef' in run.spec) return run.spec.terminated === true;
  return run.spec.status !== undefined && run.spec.status !== '' && !isHeld(run);
}

/** Merge patches of a run of this kind. */
export const admission = ({ kind }: JobRunKind) => ({
  spec: kind === 'Task' ? { pending: null } : { status: null },
});
export const termination = ({ kind }: JobRunKind) => ({
  spec: kind === 'Task' ? { terminated: true } : { status: statusOf[kind as TektonKind].cancelled },
});

export interface RunDraft {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Instead of the Job's template, of Tasks only. */
  readonly spec?: Task['spec'];
  /** Waits for the Job's controller. */
  readonly pending?: boolean;
}

/** A run of the Job, to be created as `runKindOf` says. */
export function runOf(job: TaskSchedule, { name, annotations = {}, spec, pending = false }: RunDraft) {
  const { taskTemplate, taskRunTemplate, pipelineRunTemplate } = job.spec;
  const template = pipelineRunTemplate ?? taskRunTemplate;
  const { kind } = runKindOf(job);
  const held = kind === 'Task' ? { pending } : { status: statusOf[kind as TektonKind].pending };
  return {
    metadata: {
      ...(job.metadata.namespace === undefined ? {} : { namespace: job.metadata.namespace }),
      name,
      labels: { ...template?.metadata?.labels, [labels.jobOwner]: job.metadata.name },
      annotations: { ...template?.metadata?.annotations, ...annotations },
      ownerReferences: [controllerRef(job)],
    },
    spec: { ...(spec ?? template?.spec ?? taskTemplate), ...(pending ? held : {}) } as JobRun['spec'],
  };
}

/** The Job that a run is of; a run's own children bear the label, too. */
export function jobOfRun(run: KubeObject): string | undefined {
  if (controllerOf(run)?.kind === 'PipelineRun' || controllerOf(run)?.kind === 'Task') return undefined;
  return run.metadata.labels?.[labels.jobOwner];
}

export interface Refusal {
  readonly outcome: 'Skipped' | 'Replaced' | 'Missed';
  readonly message: string;
}

/** Why a pending run that is gone was refused; undefined when somebody else took it away. */
export function refusalOf(job: TaskSchedule, run: string): Refusal | undefined {
  const entry = job.status?.history?.find((line) => line.run === run);
  return entry === undefined ? undefined : { outcome: entry.outcome, message: entry.message ?? entry.outcome };
}
