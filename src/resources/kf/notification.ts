/** kf.dev/v1alpha1 Notification: one thing that has happened, on its way to the URL that is to hear of it. */

import { conditionSchema, isFinal } from '../condition.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { notifyEvents } from './notify.ts';

const body = {
  spec: s.object({
    event: s.enumeration(...notifyEvents, 'expected', 'test'),
    id: s.describe('The same in every delivery of this event: receivers know repeats by it.', s.string()),
    time: s.describe('When it happened.', s.time()),
    app: s.optional(s.string()),
    job: s.optional(s.string()),
    task: s.optional(
      s.object({
        name: s.string(),
        uid: s.string(),
        id: s.optional(s.integer()),
        exitCode: s.optional(s.integer()),
        attempts: s.optional(s.integer()),
        startTime: s.optional(s.time()),
        completionTime: s.optional(s.time()),
        duration: s.optional(s.string()),
        createdBy: s.optional(s.string()),
      }),
    ),
    slot: s.describe('Slot of the Job that the Task is of.', s.optional(s.time())),
    slots: s.describe(
      'Slots that were missed or skipped, newest first.',
      s.optional(s.array(s.object({ time: s.time(), message: s.optional(s.string()) }))),
    ),
    reason: s.optional(s.string()),
    message: s.optional(s.string()),
  }),
  status: s.optional(
    s.object({
      conditions: s.optional(s.keyed(['type'], conditionSchema)),
      attempts: s.describe('Posts that were tried.', s.optional(s.integer())),
      lastAttemptTime: s.optional(s.time()),
      nextAttemptTime: s.optional(s.time()),
    }),
  ),
};

export type Notification = Resource<typeof body>;

export const Notification: Kind<Notification> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'Notification',
  categories: ['kf'],
  columns: [
    { name: 'Event', type: 'string', jsonPath: '.spec.event' },
    { name: 'App', type: 'string', jsonPath: '.spec.app' },
    { name: 'Job', type: 'string', jsonPath: '.spec.job' },
    { name: 'Task', type: 'string', jsonPath: '.spec.task.name' },
    { name: 'State', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].reason' },
    { name: 'Attempts', type: 'integer', jsonPath: '.status.attempts' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Succeeded")].message',
      priority: 1,
    },
  ],
  body,
  finished: isFinal,
});
