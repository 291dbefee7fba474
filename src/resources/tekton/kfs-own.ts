/** Runs that Kf makes for its own Tasks and Builds: all that they need is in their one TaskSpec, and nothing of Tekton's. */

import { labels } from '../labels.ts';
import { controllerOf, type KubeObject } from '../meta.ts';

/** They get no `/tekton` and no `/workspace`, and a line that a person typed is nowhere searched for variables. */
export function isKfsOwn(run: KubeObject): boolean {
  if (run.metadata.labels?.[labels.task] !== undefined) return true;
  const owner = controllerOf(run);
  return owner?.kind === 'Build' && owner.apiVersion.startsWith('kf.dev/');
}

/** Whether such a run made the Pod. */
export const isKfsOwnPod = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.[labels.task] !== undefined || metadata.labels?.[labels.component] === 'build';
