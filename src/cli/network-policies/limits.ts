/** Which network policies limit a Task: the first suspects when it cannot connect. Pure. */

import { selects } from '../../resources/core/label-selector.ts';
import { isEgressPolicy, type NetworkPolicy } from '../../resources/core/network-policy.ts';
import type { Pod } from '../../resources/core/pod.ts';
import type { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';

/** Names, as the policies are now. @param pod the Task's, if it has one yet */
export function limitingPolicies(
  task: Task,
  pod: Pod | undefined,
  policies: readonly NetworkPolicy[],
): readonly string[] {
  const own = pod?.metadata.labels ?? { [labels.networkPolicy]: 'app', [labels.appName]: task.spec.appRef.name };
  return policies.flatMap((policy) =>
    isEgressPolicy(policy) && selects(policy.spec.podSelector, own) ? [policy.metadata.name] : [],
  );
}
