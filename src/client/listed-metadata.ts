/** What a list tells of an object without the object itself, from what Kubernetes tells of it. */

import type { KubeObject } from '../resources/meta.ts';
import type { ListedMetadata } from './client.ts';

/** Kubernetes knows the order of creation to the second. */
export function listedMetadata({ metadata }: Pick<KubeObject, 'metadata'>): ListedMetadata {
  const { namespace, name, labels, uid = '', resourceVersion = '', creationTimestamp = '' } = metadata;
  return {
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(labels === undefined ? {} : { labels }),
    uid,
    resourceVersion,
    order: Date.parse(creationTimestamp) || 0,
  };
}
