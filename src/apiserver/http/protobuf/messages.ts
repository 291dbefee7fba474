/**
 * The protobuf messages that Kubernetes' typed clients send, from the `generated.proto` files of k8s.io/api and
 * k8s.io/apimachinery. A field is `jsonName=number:type`; types: s(tring), i(nteger), b(ool), bytes, raw (JSON in
 * bytes), Time, MicroTime, Quantity, IntOrString, a message, `[]T`, `{}T` (map from strings). `*` marks Go pointers:
 * their zero values mean something, all others' are left out as Go's `omitempty` does. `+` for a name: JSON has the
 * message's fields in its place.
 */

import { coreMessages } from './core-messages.ts';

const declarations: Readonly<Record<string, string>> = {
  ...coreMessages,
  ObjectMeta: `name=1:s generateName=2:s namespace=3:s uid=5:s resourceVersion=6:s generation=7:i
    creationTimestamp=8:Time deletionTimestamp=9:Time deletionGracePeriodSeconds=10:*i labels=11:{}s annotations=12:{}s
    ownerReferences=13:[]OwnerReference finalizers=14:[]s managedFields=17:[]ManagedFieldsEntry`,
  OwnerReference: 'kind=1:s name=3:s uid=4:s apiVersion=5:s controller=6:*b blockOwnerDeletion=7:*b',
  ManagedFieldsEntry:
    'manager=1:s operation=2:s apiVersion=3:s time=4:Time fieldsType=6:s fieldsV1=7:FieldsV1 subresource=8:s',
  DeleteOptions: `gracePeriodSeconds=1:*i preconditions=2:Preconditions orphanDependents=3:*b propagationPolicy=4:*s
    dryRun=5:[]s`,
  Preconditions: 'uid=1:*s resourceVersion=2:*s',

  ConfigMap: 'metadata=1:ObjectMeta data=2:{}s binaryData=3:{}bytes immutable=4:*b',
  Secret: 'metadata=1:ObjectMeta data=2:{}bytes type=3:s stringData=4:{}s immutable=5:*b',
  Namespace: 'metadata=1:ObjectMeta spec=2:NamespaceSpec status=3:NamespaceStatus',
  NamespaceSpec: 'finalizers=1:[]s',
  NamespaceStatus: 'phase=1:s conditions=2:[]NamespaceCondition',
  NamespaceCondition: 'type=1:s status=2:s lastTransitionTime=4:Time reason=5:s message=6:s',
  ServiceAccount: `metadata=1:ObjectMeta secrets=2:[]ObjectReference imagePullSecrets=3:[]LocalObjectReference
    automountServiceAccountToken=4:*b`,
  LocalObjectReference: 'name=1:s',
  ObjectReference: 'kind=1:s namespace=2:s name=3:s uid=4:s apiVersion=5:s resourceVersion=6:s fieldPath=7:s',
  Event: `metadata=1:ObjectMeta involvedObject=2:ObjectReference reason=3:s message=4:s source=5:EventSource
    firstTimestamp=6:Time lastTimestamp=7:Time count=8:i type=9:s eventTime=10:MicroTime series=11:EventSeries
    action=12:s related=13:ObjectReference reportingComponent=14:s reportingInstance=15:s`,
  EventSource: 'component=1:s host=2:s',
  EventSeries: 'count=1:i lastObservedTime=2:MicroTime',

  Lease: 'metadata=1:ObjectMeta spec=2:LeaseSpec',
  LeaseSpec: `holderIdentity=1:*s leaseDurationSeconds=2:*i acquireTime=3:MicroTime renewTime=4:MicroTime
    leaseTransitions=5:*i strategy=6:*s preferredHolder=7:*s`,

  SelfSubjectAccessReview: 'metadata=1:ObjectMeta spec=2:SelfSubjectAccessReviewSpec',
  SelfSubjectAccessReviewSpec: 'resourceAttributes=1:ResourceAttributes nonResourceAttributes=2:NonResourceAttributes',
  ResourceAttributes: 'namespace=1:s verb=2:s group=3:s version=4:s resource=5:s subresource=6:s name=7:s',
  NonResourceAttributes: 'path=1:s verb=2:s',
  SelfSubjectRulesReview: 'metadata=1:ObjectMeta spec=2:SelfSubjectRulesReviewSpec',
  SelfSubjectRulesReviewSpec: 'namespace=1:s',
  SelfSubjectReview: 'metadata=1:ObjectMeta',
};

/** Message of each kind that is decoded at the top, by `apiVersion/kind`. DeleteOptions come in any group. */
export const topLevel: Readonly<Record<string, string>> = {
  'v1/ConfigMap': 'ConfigMap',
  'v1/Secret': 'Secret',
  'v1/Namespace': 'Namespace',
  'v1/ServiceAccount': 'ServiceAccount',
  'v1/Event': 'Event',
  'v1/Pod': 'Pod',
  'v1/PersistentVolumeClaim': 'PersistentVolumeClaim',
  'v1/LimitRange': 'LimitRange',
  'networking.k8s.io/v1/NetworkPolicy': 'NetworkPolicy',
  'rbac.authorization.k8s.io/v1/Role': 'Role',
  'rbac.authorization.k8s.io/v1/ClusterRole': 'ClusterRole',
  'rbac.authorization.k8s.io/v1/RoleBinding': 'RoleBinding',
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': 'RoleBinding',
  'coordination.k8s.io/v1/Lease': 'Lease',
  'authorization.k8s.io/v1/SelfSubjectAccessReview': 'SelfSubjectAccessReview',
  'authorization.k8s.io/v1/SelfSubjectRulesReview': 'SelfSubjectRulesReview',
  'authentication.k8s.io/v1/SelfSubjectReview': 'SelfSubjectReview',
};

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
  readonly map: boolean;
  readonly pointer: boolean;
  /** Its fields stand where it would. */
  readonly inline: boolean;
}

/** Fields of a message by number. */
export type Message = ReadonlyMap<number, Field>;

const parsed = new Map<string, Message>();

/** Undefined: no such message, the type is a scalar. */
export function messageOf(name: string): Message | undefined {
  const declaration = declarations[name];
  if (declaration === undefined) return undefined;
  let message = parsed.get(name);
  if (message === undefined) {
    message = new Map(declaration.split(/\s+/).filter(Boolean).map(parseField));
    parsed.set(name, message);
  }
  return message;
}

function parseField(text: string): [number, Field] {
  const [, name, number, modifier, type] = /^(\w+|\+)=(\d+):(\*|\[\]|\{\})?(\w+)$/.exec(text)!;
  const field = {
    name: name!,
    type: type!,
    repeated: modifier === '[]',
    map: modifier === '{}',
    pointer: modifier === '*',
    inline: name === '+',
  };
  return [Number(number), field];
}
