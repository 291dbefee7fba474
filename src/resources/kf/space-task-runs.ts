/** TaskRuns that are nobody's Task in a Space with caps: what they take, and how they wait. Pure. */

import { conditionOf } from '../condition.ts';
import { quantityValue } from '../quantity.ts';
import type { TaskRun } from '../tekton/task-run.ts';
import type { TaskSpec } from '../tekton/task-spec.ts';
import { type Need, needOf, waitingForSpace } from './space-limits.ts';

/** It has its Pod, or is about to make a further one. */
export const hasRoom = ({ status }: TaskRun): boolean =>
  status?.podName !== undefined || status?.retriesStatus !== undefined;

export const waitsForSpace = (run: TaskRun): boolean =>
  !hasRoom(run) && (conditionOf(run, 'Succeeded')?.message ?? '').startsWith(`${waitingForSpace}: `);

/** Its steps run one after another, its sidecars beside them. */
function needOfSpec({ steps = [], sidecars = [] }: TaskSpec): Need {
  const of = (containers: readonly { readonly computeResources?: Parameters<typeof needOf>[0] }[]) =>
    containers.map(({ computeResources }) => needOf(computeResources));
  const most = (amount: keyof Need): number => Math.max(0, ...of(steps).map((need) => need[amount]));
  const sum = (amount: keyof Need): number => of(sidecars).reduce((all, need) => all + need[amount], 0);
  return { memory: most('memory') + sum('memory'), cpu: most('cpu') + sum('cpu') };
}

/** What it says of all its steps together counts instead of what they say. */
export function needOfTaskRun({ spec, status }: TaskRun): Need {
  const own = spec.computeResources;
  if (own?.limits?.memory !== undefined || own?.requests?.cpu !== undefined) {
    const { memory, cpu } = needOf(own);
    return { memory: memory || quantityValue(own?.requests?.memory ?? '0'), cpu };
  }
  return needOfSpec(status?.taskSpec ?? spec.taskSpec ?? {});
}
