/** Where a container's log lies: `<owner uid>/<pod name>/<container>.log`. */

import { join } from 'node:path';
import type { Pod } from '../../resources/core/pod.ts';
import { labels } from '../../resources/labels.ts';

/** UID of the object whose log it is; the Pod itself unless the label names another. */
export const ownerOf = (pod: Pod): string => {
  const owner = pod.metadata.labels?.[labels.logOwner];
  // It becomes a folder's name, so anything but a uid is not trusted.
  return owner !== undefined && /^[0-9a-zA-Z-]{1,64}$/.test(owner) ? owner : pod.metadata.uid!;
};

export const logPathOf = (logs: string, pod: Pod, container: string): string =>
  join(logs, ownerOf(pod), pod.metadata.name, `${container}.log`);
