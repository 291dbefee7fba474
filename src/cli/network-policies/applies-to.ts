/** Whose network a policy limits. Pure. */

import { formatSelector } from '../../resources/core/label-selector.ts';
import type { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { labels } from '../../resources/labels.ts';
import { controllerOf } from '../../resources/meta.ts';

/** In words where the policy is one of ours, else its selector. */
export function appliesTo(policy: NetworkPolicy): string {
  const { podSelector } = policy.spec;
  if (policy.metadata.name === 'space-app-policy' && controllerOf(policy)?.kind === 'Space') return 'all Tasks';
  const { matchLabels = {}, matchExpressions = [] } = podSelector;
  const { [labels.networkPolicy]: what, [labels.appName]: app, ...rest } = matchLabels;
  if (matchExpressions.length > 0 || Object.keys(rest).length > 0) return formatSelector(podSelector);
  if (what === 'app') return app === undefined ? 'all Tasks' : `Tasks of ${app}`;
  if (what === 'build') return app === undefined ? 'all Builds' : `Builds of ${app}`;
  return Object.keys(matchLabels).length === 0 ? 'everything' : formatSelector(podSelector);
}
