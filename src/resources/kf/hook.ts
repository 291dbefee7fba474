/** kf.dev/v1alpha1 Hook: whoever posts to its URL, with its token, runs a Task. */

import { conditionSchema } from '../condition.ts';
import { type FieldError, forbidden, required } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { nameErrors, ofComponent } from './kf-object.ts';
import { taskSpecErrors, taskSpecSchema } from './task.ts';

const body = {
  spec: s.object({
    taskTemplate: s.describe('What is run of an App. Either this or `jobRef`.', s.optional(taskSpecSchema)),
    jobRef: s.describe(
      'The Job that is run, as its concurrency policy says.',
      s.optional(s.object({ name: s.string({ minLength: 1 }) })),
    ),
    secretName: s.describe(
      'Secret of this namespace: `token` is the SHA-256 of the token, in hexadecimal; `signingSecret`, where it is there, verifies signatures.',
      s.string({ minLength: 1 }),
    ),
  }),
  status: s.optional(
    s.object({
      conditions: s.optional(s.keyed(['type'], conditionSchema)),
      lastTime: s.describe('The last request that was let in.', s.optional(s.time())),
      lastTask: s.describe('The Task, or the run of its Job.', s.optional(s.string())),
      lastResult: s.describe('`accepted`, or why not.', s.optional(s.string())),
    }),
  ),
};

export type Hook = Resource<typeof body>;

export const Hook: Kind<Hook> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'Hook',
  categories: ['kf'],
  columns: [
    { name: 'App', type: 'string', jsonPath: '.spec.taskTemplate.appRef.name' },
    { name: 'Job', type: 'string', jsonPath: '.spec.jobRef.name' },
    { name: 'Last Used', type: 'date', jsonPath: '.status.lastTime' },
    { name: 'Last Task', type: 'string', jsonPath: '.status.lastTask' },
    { name: 'Last Result', type: 'string', jsonPath: '.status.lastResult' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  body,
  default: ofComponent('hook'),
  validate: validateHook,
});

function validateHook({ metadata, spec }: Hook): readonly FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...nameErrors(metadata.name));
  const { taskTemplate, jobRef } = spec;
  if (taskTemplate === undefined && jobRef === undefined)
    errors.push(required('spec', 'either taskTemplate or jobRef'));
  if (taskTemplate !== undefined && jobRef !== undefined)
    errors.push(forbidden('spec', 'taskTemplate and jobRef exclude each other'));
  if (taskTemplate !== undefined) errors.push(...taskSpecErrors('spec.taskTemplate', taskTemplate));
  return errors;
}

/** Folder of a Task that a hook runs, and the file in it that holds the request's body. */
export const hookFolder = '/run/kf/hook';
export const hookBodyKey = 'body';

/** Bytes of a request's body; also what a Secret may hold. */
export const largestHookBody = 2 ** 20;

/** Below the server's URL. */
export const hookPath = (namespace: string, name: string): string => `/hooks/${namespace}/${name}`;
