/** Durations that are none. Tekton's webhook cannot even read such an object, and says so in Go's words. */

import { parseDuration } from '../../duration.ts';
import type { PipelineRun } from '../pipeline-run.ts';
import type { PipelineSpec, PipelineTask } from '../pipeline-spec.ts';
import type { TaskRun } from '../task-run.ts';
import type { TaskSpec } from '../task-spec.ts';

/** Path and text of each duration. */
type Durations = readonly (readonly [path: string, text: string | undefined])[];

const below = (prefix: string, durations: Durations): Durations =>
  durations.map(([path, text]) => [`${prefix}.${path}`, text]);

const ofEach = <T>(prefix: string, items: readonly T[] | undefined, durations: (item: T) => Durations): Durations =>
  (items ?? []).flatMap((item, index) => below(`${prefix}[${index}]`, durations(item)));

export const taskSpecDurations = ({ steps }: TaskSpec): Durations =>
  ofEach('steps', steps, ({ timeout }) => [['timeout', timeout]]);

const pipelineTaskDurations = ({ timeout, taskSpec, pipelineSpec }: PipelineTask): Durations => [
  ['timeout', timeout],
  ...(taskSpec === undefined ? [] : below('taskSpec', taskSpecDurations(taskSpec))),
  ...(pipelineSpec === undefined ? [] : below('pipelineSpec', pipelineSpecDurations(pipelineSpec))),
];

export function pipelineSpecDurations({ tasks, finally: last }: PipelineSpec): Durations {
  return [...ofEach('tasks', tasks, pipelineTaskDurations), ...ofEach('finally', last, pipelineTaskDurations)];
}

export const taskRunDurations = ({ timeout, taskSpec }: TaskRun['spec']): Durations => [
  ['timeout', timeout],
  ...(taskSpec === undefined ? [] : below('taskSpec', taskSpecDurations(taskSpec))),
];

export const pipelineRunDurations = ({ timeouts = {}, taskRunSpecs, pipelineSpec }: PipelineRun['spec']): Durations => [
  ...below('timeouts', Object.entries(timeouts)),
  ...ofEach('taskRunSpecs', taskRunSpecs, ({ timeout }) => [['timeout', timeout]]),
  ...(pipelineSpec === undefined ? [] : below('pipelineSpec', pipelineSpecDurations(pipelineSpec))),
];

/** What is wrong with the first that is no duration. */
export function durationFault(durations: Durations): string | undefined {
  const wrong = durations.find(([, text]) => text !== undefined && parseDuration(text) === undefined);
  if (wrong === undefined) return undefined;
  const [path, text = ''] = wrong;
  return `cannot decode incoming new object: time: ${goFault(text)}: spec.${path}`;
}

function goFault(text: string): string {
  const shown = `duration ${JSON.stringify(text)}`;
  if (/^[+-]?\d+(\.\d*)?$/.test(text)) return `missing unit in ${shown}`;
  const unit = /^[+-]?\d+(?:\.\d*)?([^\d.]+)/.exec(text)?.[1];
  return unit !== undefined && !['ns', 'us', 'µs', 'ms', 's', 'm', 'h'].includes(unit)
    ? `unknown unit ${JSON.stringify(unit)} in ${shown}`
    : `invalid ${shown}`;
}
