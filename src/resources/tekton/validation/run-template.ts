/** The same rules for the spec of a run that is made later, as complaints about fields of the object that has it. */

import type { FieldError } from '../../field-error.ts';
import { pipelineRunSpecDefaults, taskRunSpecDefaults } from '../defaults/runs.ts';
import type { PipelineRun } from '../pipeline-run.ts';
import type { TaskRun } from '../task-run.ts';
import { type Complaints, generic, under } from './complaint.ts';
import { pipelineRunSpecErrors } from './pipeline-run.ts';
import { taskRunSpecErrors } from './task-run.ts';
import { pipelineRunReadings, taskRunReadings, unreadable } from './unreadable.ts';

export const taskRunTemplateErrors = (spec: TaskRun['spec']): readonly FieldError[] =>
  fieldErrors(unreadable(taskRunReadings(spec)), () => taskRunSpecErrors(taskRunSpecDefaults(spec)));

export const pipelineRunTemplateErrors = (spec: PipelineRun['spec']): readonly FieldError[] =>
  fieldErrors(unreadable(pipelineRunReadings(spec)), () => pipelineRunSpecErrors(pipelineRunSpecDefaults(spec)));

const fieldErrors = (fault: string | undefined, complaints: () => Complaints): readonly FieldError[] =>
  (fault === undefined ? under('spec', complaints()) : [generic(fault, 'spec')]).map(({ message, paths, details }) => ({
    field: paths.join(', '),
    reason: 'FieldValueInvalid',
    message: details === undefined ? message : `${message}: ${details}`,
  }));
