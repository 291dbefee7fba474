/** ObjectMeta and what every Kubernetes object shares. */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** Opaque to clients; here the store's global revision as a decimal string. */
  readonly resourceVersion?: string;
  readonly generation?: number;
  /** RFC 3339, whole seconds. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly unknown[];
}

/** Any object that the API stores. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** Names one object of a known kind; `namespace` is absent for cluster-scoped kinds. */
export interface ObjectRef {
  readonly namespace?: string;
  readonly name: string;
}

/** `NAMESPACE/NAME`, a key for maps of one kind; `/NAME` for cluster-scoped kinds. */
export const namespacedName = ({ namespace = '', name }: ObjectRef): string => `${namespace}/${name}`;

/** What a key of `namespacedName` names. */
export function refOfNamespacedName(key: string): ObjectRef {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  return slash === 0 ? { name } : { namespace: key.slice(0, slash), name };
}

/** The reference of an object, to hand to a Client. */
export function refOf(object: KubeObject): ObjectRef {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? { name } : { namespace, name };
}

/** An owner reference that makes `owner` the managing controller, so that its deletion takes the child along. */
export function controllerRef(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The reference of the managing controller, or undefined for an object that none manages. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((ref) => ref.controller === true);
}

/** Whether `owner` (by uid) is the managing controller of `object`. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return owner.metadata.uid !== undefined && controllerOf(object)?.uid === owner.metadata.uid;
}

/**
 * Whether `object` was made for an earlier object of `owner`'s kind and name: that one was deleted, and the garbage
 * collector takes what it left.
 */
export function isLeftoverOf(object: KubeObject, owner: KubeObject): boolean {
  const ref = controllerOf(object);
  return ref?.kind === owner.kind && ref.name === owner.metadata.name && ref.uid !== owner.metadata.uid;
}
