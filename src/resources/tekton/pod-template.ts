/** What a run says of its Pods (tekton.dev/v1, `podTemplate`). */

import { dnsConfigSchema, envVarSchema, podSecurityContextSchema, volumeSchema } from '../core/pod.ts';
import { affinitySchema, spreadSchema, tolerationSchema } from '../core/scheduling.ts';
import * as s from '../schema.ts';

export const podTemplateSchema = s.object({
  nodeSelector: s.describe('Labels that the node must have.', s.optional(s.map(s.string()))),
  env: s.describe('Variables of all steps; they win over the steps’ own.', s.optional(s.array(envVarSchema))),
  tolerations: s.describe('Taints of the node that do not matter.', s.optional(s.array(tolerationSchema))),
  affinity: s.describe('Rules on the node and its other Pods.', s.optional(affinitySchema)),
  securityContext: s.describe('User and privileges of all containers.', s.optional(podSecurityContextSchema)),
  volumes: s.describe('Further volumes.', s.optional(s.array(volumeSchema))),
  runtimeClassName: s.describe('Which runtime runs the Pod.', s.optional(s.string())),
  automountServiceAccountToken: s.describe('Whether a token is mounted.', s.optional(s.boolean())),
  dnsPolicy: s.describe('Where names are looked up.', s.optional(s.string())),
  dnsConfig: s.describe('Name servers, search domains and options.', s.optional(dnsConfigSchema)),
  enableServiceLinks: s.describe('Whether Services are told of by variables.', s.optional(s.boolean())),
  priorityClassName: s.describe('Priority of the Pod.', s.optional(s.string())),
  schedulerName: s.describe('Who schedules the Pod.', s.optional(s.string())),
  imagePullSecrets: s.describe(
    'Secrets of type kubernetes.io/dockerconfigjson.',
    s.optional(s.array(s.object({ name: s.optional(s.string()) }))),
  ),
  hostAliases: s.describe(
    'Further lines of /etc/hosts.',
    s.optional(s.array(s.object({ ip: s.string(), hostnames: s.optional(s.array(s.string())) }))),
  ),
  hostNetwork: s.describe('Runs in the network of the host.', s.optional(s.boolean())),
  hostUsers: s.describe('Runs in the user namespace of the host.', s.optional(s.boolean())),
  topologySpreadConstraints: s.describe('How Pods spread over nodes.', s.optional(s.array(spreadSchema))),
});
export type PodTemplate = s.Infer<typeof podTemplateSchema>;
