/** As whom, and with which rights, a container runs. Pure. */

import type { Container, Pod, SecurityContext } from '../../../resources/core/pod.ts';
import type { OciUser } from '../../runtime/oci.ts';

/** The container's own fields win over the Pod's. */
export const securityOf = (pod: Pod, container: Container): SecurityContext => {
  const { runAsUser, runAsGroup, runAsNonRoot } = pod.spec.securityContext ?? {};
  const ofPod = { runAsUser, runAsGroup, runAsNonRoot };
  return { ...stated(ofPod), ...stated(container.securityContext ?? {}) };
};

const stated = (context: object): SecurityContext =>
  Object.fromEntries(
    Object.entries(context).filter(([, value]) => value !== undefined && value !== null),
  ) as SecurityContext;

/** With the groups that the Pod gives all its processes. */
export function groupsOf({ spec: { securityContext } }: Pod, user: OciUser): OciUser {
  const { fsGroup, supplementalGroups = [] } = securityContext ?? {};
  const groups = new Set([
    ...(user.additionalGids ?? []),
    ...supplementalGroups,
    ...(fsGroup === undefined ? [] : [fsGroup]),
  ]);
  groups.delete(user.gid);
  return groups.size === 0 ? user : { ...user, additionalGids: [...groups] };
}
