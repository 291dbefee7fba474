/** The small core kinds: namespaces, secrets, config maps, events, service accounts, nodes. */

import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';

const namespaceBody = {
  spec: s.optional(s.anyObject()),
  status: s.optional(s.object({ phase: s.optional(s.string()) }, { open: true })),
};
export type Namespace = Resource<typeof namespaceBody>;
export const Namespace: Kind<Namespace> = defineKind({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  shortNames: ['ns'],
  scope: 'Cluster',
  body: namespaceBody,
  selectableFields: { 'status.phase': (namespace) => namespace.status?.phase ?? 'Active' },
});

/** Type of Secrets that may be large and are read once: they leave the server's memory, and no controller looks at them. */
export const bodySecret = 'kf.dev/body';

const secretBody = {
  type: s.optional(s.string()),
  /** Values in base64. */
  data: s.optional(s.map(s.string())),
  /** Values as they are; the server moves them to `data`. */
  stringData: s.optional(s.map(s.string())),
  immutable: s.optional(s.boolean()),
};
export type Secret = Resource<typeof secretBody>;
export const Secret: Kind<Secret> = defineKind({
  group: '',
  version: 'v1',
  kind: 'Secret',
  body: secretBody,
  finished: (secret) => secret.type === bodySecret,
  default: (secret) => {
    if (secret.stringData === undefined) return secret.type === undefined ? { ...secret, type: 'Opaque' } : secret;
    const { stringData, ...rest } = secret;
    const encoded = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return { ...rest, type: secret.type ?? 'Opaque', data: { ...secret.data, ...Object.fromEntries(encoded) } };
  },
  selectableFields: { type: (secret) => secret.type ?? 'Opaque' },
});

const configMapBody = {
  data: s.optional(s.map(s.string())),
  binaryData: s.optional(s.map(s.string())),
  immutable: s.optional(s.boolean()),
};
export type ConfigMap = Resource<typeof configMapBody>;
export const ConfigMap: Kind<ConfigMap> = defineKind({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  shortNames: ['cm'],
  body: configMapBody,
});

const objectReference = s.atomic(
  s.object(
    {
      apiVersion: s.optional(s.string()),
      kind: s.optional(s.string()),
      namespace: s.optional(s.string()),
      name: s.optional(s.string()),
      uid: s.optional(s.string()),
      resourceVersion: s.optional(s.string()),
      fieldPath: s.optional(s.string()),
    },
    { open: true },
  ),
);
const eventBody = {
  involvedObject: objectReference,
  reason: s.optional(s.string()),
  message: s.optional(s.string()),
  type: s.optional(s.string()),
  source: s.optional(s.anyObject<{ readonly component?: string; readonly host?: string }>()),
  firstTimestamp: s.optional(s.any<string | null>()),
  lastTimestamp: s.optional(s.any<string | null>()),
  eventTime: s.optional(s.any<string | null>()),
  count: s.optional(s.integer()),
  action: s.optional(s.string()),
  reportingComponent: s.optional(s.string()),
  reportingInstance: s.optional(s.string()),
  series: s.optional(s.anyObject()),
  related: s.optional(s.anyObject()),
};
export type Event = Resource<typeof eventBody>;
export const Event: Kind<Event> = defineKind({
  group: '',
  version: 'v1',
  kind: 'Event',
  shortNames: ['ev'],
  body: eventBody,
  finished: () => true,
  selectableFields: {
    'involvedObject.kind': (event) => event.involvedObject.kind ?? '',
    'involvedObject.namespace': (event) => event.involvedObject.namespace ?? '',
    'involvedObject.name': (event) => event.involvedObject.name ?? '',
    'involvedObject.uid': (event) => event.involvedObject.uid ?? '',
    'involvedObject.apiVersion': (event) => event.involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': (event) => event.involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': (event) => event.involvedObject.fieldPath ?? '',
    reason: (event) => event.reason ?? '',
    type: (event) => event.type ?? '',
    source: (event) => event.source?.component ?? '',
    reportingComponent: (event) => event.reportingComponent ?? '',
  },
});

const serviceAccountBody = {
  secrets: s.optional(s.keyed(['name'], objectReference)),
  imagePullSecrets: s.optional(s.array(s.object({ name: s.string() }))),
  automountServiceAccountToken: s.optional(s.boolean()),
};
export type ServiceAccount = Resource<typeof serviceAccountBody>;
export const ServiceAccount: Kind<ServiceAccount> = defineKind({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  shortNames: ['sa'],
  body: serviceAccountBody,
});

const nodeBody = { spec: s.optional(s.anyObject()), status: s.optional(s.anyObject()) };
export type Node = Resource<typeof nodeBody>;
export const Node: Kind<Node> = defineKind({
  group: '',
  version: 'v1',
  kind: 'Node',
  shortNames: ['no'],
  scope: 'Cluster',
  body: nodeBody,
});

const leaseBody = { spec: s.optional(s.anyObject()) };
export type Lease = Resource<typeof leaseBody>;
export const Lease: Kind<Lease> = defineKind({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  body: leaseBody,
});
