/** What the server's settings `tekton.*` allow of Tekton's objects, beside what their kinds do. Pure. */

import { jsonEqual } from '../json.ts';
import type { KubeObject } from '../meta.ts';
import { type InlineSpec, usualCombinations } from './feature-flags.ts';
import { isKfsOwn } from './kfs-own.ts';
import { Pipeline } from './pipeline.ts';
import { PipelineRun } from './pipeline-run.ts';
import type { PipelineSpec, PipelineTask } from './pipeline-spec.ts';
import { TaskRun } from './task-run.ts';
import { type Complaints, complaintText, disallowedFields, generic, under, underEach } from './validation/complaint.ts';
import { combinationsOf, isMatrixed } from './validation/pipeline-tasks.ts';

export interface SettingsRules {
  /** Runs that a matrix may make. Default: `usualCombinations`. */
  readonly matrixCombinations?: number;
  /** What may not embed specs. Default: nothing. */
  readonly disableInlineSpec?: readonly string[];
}

interface KindName {
  readonly group: string;
  readonly kind: string;
}

/** The refusal in the words of Tekton's webhook. @param old the stored object on update: a spec that stays is not looked at */
export function refusedBySettings(
  { group, kind }: KindName,
  object: KubeObject,
  old: KubeObject | undefined,
  rules: SettingsRules,
): string | undefined {
  if (group !== Pipeline.group || isKfsOwn(object)) return undefined;
  const { spec } = object as { readonly spec?: unknown };
  if (old !== undefined && jsonEqual(spec, (old as { readonly spec?: unknown }).spec)) return undefined;
  const complaints = under('spec', complaintsOf(kind, spec, rules));
  return complaints.length === 0
    ? undefined
    : `admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: ${complaintText(complaints)}`;
}

function complaintsOf(kind: string, spec: unknown, rules: SettingsRules): Complaints {
  const isOff = (what: InlineSpec): boolean => rules.disableInlineSpec?.includes(what) ?? false;
  if (kind === Pipeline.kind) return ofPipeline(spec as PipelineSpec, rules);
  if (kind === PipelineRun.kind) {
    const { pipelineSpec } = spec as PipelineRun['spec'];
    if (pipelineSpec === undefined) return [];
    return [
      ...(isOff('pipelinerun') ? [disallowedFields('pipelineSpec')] : []),
      ...under('pipelineSpec', ofPipeline(pipelineSpec, rules)),
    ];
  }
  const isEmbedded = kind === TaskRun.kind && (spec as TaskRun['spec']).taskSpec !== undefined;
  return isEmbedded && isOff('taskrun') ? [disallowedFields('taskSpec')] : [];
}

function ofPipeline({ tasks, finally: last }: PipelineSpec, rules: SettingsRules): Complaints {
  const ofTask = (task: PipelineTask): Complaints => ofPipelineTask(task, rules);
  return [...underEach('tasks', tasks, ofTask), ...underEach('finally', last, ofTask)];
}

function ofPipelineTask(task: PipelineTask, rules: SettingsRules): Complaints {
  const { matrixCombinations: most = usualCombinations, disableInlineSpec = [] } = rules;
  const { matrix, taskSpec, pipelineSpec } = task;
  const count = matrix === undefined || !isMatrixed(task) ? 0 : combinationsOf(matrix);
  const isOff = disableInlineSpec.includes('pipeline');
  return [
    ...(count > most ? [generic(`expected 0 <= ${count} <= ${most}`, 'matrix')] : []),
    ...(isOff && taskSpec !== undefined ? [disallowedFields('taskSpec')] : []),
    ...(isOff && pipelineSpec !== undefined ? [disallowedFields('pipelineSpec')] : []),
    ...(pipelineSpec === undefined ? [] : under('pipelineSpec', ofPipeline(pipelineSpec, rules))),
  ];
}
