/**
 * kf.dev/v1alpha1 LogSink: where the output of Tasks and Builds is forwarded to, as cluster-level logging does. Added by kf-tasks;
 * a cluster has its own. Cluster-scoped: who sees every Space's output administers the server.
 */

import { conditionSchema } from '../condition.ts';
import { errorMessage } from '../errors.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { parseQuantity } from '../quantity.ts';
import * as s from '../schema.ts';
import { nameErrors } from './kf-object.ts';
import { parseLogSinkUrl } from './log-sink-url.ts';

/** Bytes. */
export const usualHeldLimit = '1Gi';

const body = {
  spec: s.object({
    url: s.describe(
      'fluentd://HOST[:24224], fluentd-tls://…, syslog://HOST[:514] (TCP), syslog-udp://…, syslog-tls://HOST[:6514], http(s)://HOST[:4318] (OTLP/HTTP), file:///PATH (JSON lines).',
      s.string({ minLength: 1 }),
    ),
    spaces: s.describe(
      'Forward the output of Tasks in these Spaces only. Default: all.',
      s.optional(s.array(s.string())),
    ),
    secretRef: s.describe(
      'Keys, all optional: ca.crt, tls.crt, tls.key (PEM); sharedKey, username, password (Fluentd); headers (OTLP: lines of NAME: VALUE).',
      s.optional(s.object({ namespace: s.string({ minLength: 1 }), name: s.string({ minLength: 1 }) })),
    ),
    heldLimit: s.describe(
      `Bytes of undelivered logs that are kept although their Tasks were deleted; above it the oldest are dropped. Default: ${usualHeldLimit}.`,
      s.optional(s.string()),
    ),
  }),
  status: s.optional(
    s.object({
      conditions: s.optional(s.keyed(['type'], conditionSchema)),
      observedGeneration: s.optional(s.integer()),
      backlogBytes: s.describe(
        'Bytes of log files that have not been delivered yet, and how many Tasks they are of.',
        s.optional(s.integer()),
      ),
      backlogTasks: s.optional(s.integer()),
      deliveredLines: s.describe(
        'Lines that the sink has taken since it was made; after a crash some count twice.',
        s.optional(s.integer()),
      ),
      lastDeliveryTime: s.optional(s.time()),
      droppedBytes: s.describe(
        'Bytes of log files that were let go undelivered, because heldLimit was reached.',
        s.optional(s.integer()),
      ),
      droppedTasks: s.optional(s.integer()),
      refusedLines: s.describe('Lines that the sink has refused for what they are.', s.optional(s.integer())),
      lastError: s.optional(s.string()),
      lastErrorTime: s.optional(s.time()),
    }),
  ),
};

export type LogSink = Resource<typeof body>;

export const LogSink: Kind<LogSink> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'LogSink',
  categories: ['kf'],
  scope: 'Cluster',
  columns: [
    { name: 'URL', type: 'string', jsonPath: '.spec.url' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Lines', type: 'integer', jsonPath: '.status.deliveredLines' },
    { name: 'Backlog', type: 'integer', jsonPath: '.status.backlogBytes', description: 'Bytes' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  body,
  validate: ({ metadata, spec }) => {
    const errors: FieldError[] = [];
    errors.push(...nameErrors(metadata.name));
    try {
      parseLogSinkUrl(spec.url);
    } catch (error) {
      errors.push(invalid('spec.url', spec.url, errorMessage(error)));
    }
    const limit = spec.heldLimit === undefined ? 0 : parseQuantity(spec.heldLimit);
    if (limit === undefined || limit < 0)
      errors.push(invalid('spec.heldLimit', spec.heldLimit, 'must be a quantity of bytes, like 512Mi or 1Gi'));
    return errors;
  },
});
