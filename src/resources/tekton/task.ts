/** tekton.dev/v1 Task: what TaskRuns and Pipelines refer to. */

import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { admitTask } from './admission.ts';
import { taskSpecDefaults } from './defaults/specs.ts';
import { tektonDeclaration } from './run.ts';
import { taskSpecSchema } from './task-spec.ts';
import { v1beta1 } from './v1beta1/conversions.ts';

const body = { spec: s.describe('What a TaskRun of it runs.', taskSpecSchema) };

export type Task = Resource<typeof body>;
export const Task: Kind<Task> = defineKind({
  ...tektonDeclaration,
  kind: 'Task',
  otherVersions: [{ version: 'v1beta1', conversion: v1beta1.task }],
  body,
  default: (task) => ({ ...task, spec: taskSpecDefaults(task.spec) }),
  admit: admitTask,
});
