/** Where the API has a kind. */

import type { ObjectRef } from '../../resources/meta.ts';
import type { AnyKind } from '../client.ts';

const groupPath = ({ group, version }: AnyKind): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`;

const encode = encodeURIComponent;

/** `/apis/kf.dev/v1alpha1/namespaces/dev/tasks`; without a namespace: of all. */
export const collectionPath = (kind: AnyKind, namespace?: string): string =>
  `${groupPath(kind)}${namespace === undefined || kind.scope === 'Cluster' ? '' : `/namespaces/${encode(namespace)}`}/${kind.plural}`;

export const objectPath = (kind: AnyKind, ref: ObjectRef, subresource?: string): string =>
  `${collectionPath(kind, ref.namespace)}/${encode(ref.name)}${subresource === undefined ? '' : `/${subresource}`}`;

/** `?a=b&c=true`; undefined and false are left out. */
export function queryOf(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== false) query.set(name, String(value));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
