/** tekton.dev/v1 TaskSpec: params, steps, volumes. Fields that the engine does not know yet are kept as they are. */

import { envVarSchema, resourcesSchema, securityContextSchema, volumeMountSchema, volumeSchema } from '../core/pod.ts';
import * as s from '../schema.ts';

/** A param's value: a string, a list or a map of strings. */
export type ParamValue = string | readonly string[] | Readonly<Record<string, string>>;

export const paramSchema = s.object({ name: s.string({ minLength: 1 }), value: s.any<ParamValue>() });
export type Param = s.Infer<typeof paramSchema>;

export const paramSpecSchema = s.object({
  name: s.string({ minLength: 1 }),
  type: s.optional(s.enumeration('string', 'array', 'object')),
  description: s.optional(s.string()),
  default: s.optional(s.any<ParamValue>()),
  properties: s.optional(s.anyObject()),
  enum: s.optional(s.array(s.string())),
});

export const stepSchema = s.object(
  {
    name: s.optional(s.string()),
    image: s.optional(s.string()),
    imagePullPolicy: s.optional(s.enumeration('Always', 'IfNotPresent', 'Never')),
    command: s.optional(s.array(s.string())),
    args: s.optional(s.array(s.string())),
    script: s.optional(s.string()),
    workingDir: s.optional(s.string()),
    env: s.optional(s.array(envVarSchema)),
    computeResources: s.optional(resourcesSchema),
    volumeMounts: s.optional(s.array(volumeMountSchema)),
    securityContext: s.optional(securityContextSchema),
    onError: s.optional(s.string()),
    timeout: s.optional(s.string()),
  },
  { open: true },
);
export type Step = s.Infer<typeof stepSchema>;

export const taskSpecSchema = s.object(
  {
    displayName: s.optional(s.string()),
    description: s.optional(s.string()),
    params: s.optional(s.array(paramSpecSchema)),
    steps: s.optional(s.array(stepSchema)),
    stepTemplate: s.optional(s.anyObject()),
    volumes: s.optional(s.array(volumeSchema)),
    results: s.optional(s.array(s.anyObject())),
    workspaces: s.optional(s.array(s.anyObject())),
    sidecars: s.optional(s.array(s.anyObject())),
  },
  { open: true },
);
export type TaskSpec = s.Infer<typeof taskSpecSchema>;
