/** The settings of a Space: their schema, and what the schema cannot express. Pure. */

import { envVarSchema } from '../core/pod.ts';
import { duplicate, type FieldError, invalid } from '../field-error.ts';
import { parseQuantity } from '../quantity.ts';
import { isTimeZone } from '../schedule/time-zone.ts';
import * as s from '../schema.ts';
import { notifyErrors, notifySchema } from './notify.ts';

const networkPolicy = s.object({
  ingress: s.optional(s.enumeration('PermitAll', 'DenyAll')),
  egress: s.optional(s.enumeration('PermitAll', 'DenyAll')),
});

const taskConfig = s.describe(
  'Settings of all Tasks and Jobs of the Space. Added by kf-tasks.',
  s.optional(
    s.object({
      timeZone: s.describe('IANA name of the zone of new schedules. Default: UTC.', s.optional(s.string())),
      retention: s.optional(
        s.object({
          maxTasks: s.describe(
            'Tasks kept per App; the oldest final ones go. Default: 500.',
            s.optional(s.integer({ minimum: 1 })),
          ),
          perJobMin: s.describe(
            'The newest Tasks of every Job that are kept in any case. Default: 0.',
            s.optional(s.integer({ minimum: 0 })),
          ),
        }),
      ),
      limits: s.describe(
        'What the Tasks of the Space that run at the same time may have together. Default: no limit.',
        s.optional(
          s.object({
            memory: s.optional(s.quantity()),
            cpu: s.optional(s.quantity()),
            tasks: s.optional(s.integer({ minimum: 1 })),
          }),
        ),
      ),
      allowedHostPorts: s.describe(
        'TCP ports on which something listens on the 127.0.0.1 of the host, and which Tasks reach as host.kf.internal.',
        s.optional(s.array(s.integer({ minimum: 1, maximum: 65535 }))),
      ),
      notify: s.describe('Where failures of Tasks and missed runs are posted to.', s.optional(notifySchema)),
    }),
  ),
);

export const spaceSpecSchema = s.object({
  buildConfig: s.optional(
    s.object({
      containerRegistry: s.optional(s.string()),
      env: s.optional(s.keyed(['name'], envVarSchema)),
      serviceAccount: s.optional(s.string()),
      retention: s.optional(
        s.object({
          maxBuilds: s.describe(
            'Builds kept per App; the oldest final ones go. Default: 5. Added by kf-tasks.',
            s.optional(s.integer({ minimum: 1 })),
          ),
        }),
      ),
    }),
  ),
  runtimeConfig: s.optional(
    s.object({
      env: s.optional(s.keyed(['name'], envVarSchema)),
      nodeSelector: s.optional(s.map(s.string())),
      terminationGracePeriodSeconds: s.describe(
        'Seconds between SIGTERM and SIGKILL when a Task is terminated. Default: 10. Added by kf-tasks.',
        s.optional(s.integer({ minimum: 0 })),
      ),
    }),
  ),
  networkConfig: s.optional(
    s.object(
      {
        domains: s.optional(s.array(s.object({ domain: s.string(), gatewayName: s.optional(s.string()) }))),
        appNetworkPolicy: s.describe(
          'What Tasks may reach, and be reached by. Default: PermitAll.',
          s.optional(networkPolicy),
        ),
        buildNetworkPolicy: s.describe('The same of Builds.', s.optional(networkPolicy)),
      },
      { open: true },
    ),
  ),
  taskConfig,
});

export type SpaceSpec = s.Infer<typeof spaceSpecSchema>;

/** Complaints about the settings, as Kubernetes words them. */
export function spaceSpecErrors({ taskConfig: config = {} }: SpaceSpec): readonly FieldError[] {
  const { timeZone, limits = {}, allowedHostPorts = [], notify } = config;
  const path = 'spec.taskConfig';
  const errors: FieldError[] = [];
  if (timeZone !== undefined && !isTimeZone(timeZone))
    errors.push(invalid(`${path}.timeZone`, timeZone, 'must be an IANA time zone, like Europe/Berlin'));
  for (const name of ['memory', 'cpu'] as const) {
    const value = limits[name];
    if (value !== undefined && !((parseQuantity(value) ?? 0) > 0))
      errors.push(invalid(`${path}.limits.${name}`, value, 'must be a quantity above 0'));
  }
  for (const [index, port] of allowedHostPorts.entries())
    if (allowedHostPorts.indexOf(port) < index) errors.push(duplicate(`${path}.allowedHostPorts[${index}]`, port));
  return [...errors, ...notifyErrors(`${path}.notify`, notify)];
}
