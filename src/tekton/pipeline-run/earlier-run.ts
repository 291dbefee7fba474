/** The earlier run that a PipelineRun is a re-run of (`kf.dev/rerun-of`), and what it takes over from it. */

import type { Client } from '../../client/client.ts';
import { getFromServer } from '../../client/get-if-exists.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { PersistentVolumeClaim } from '../../resources/core/volumes.ts';
import { annotations } from '../../resources/labels.ts';
import { controllerRef, refOf } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { RerunOf, ReusedTask } from '../../resources/tekton/pipeline-run-status.ts';
import type { PipelineSpec } from '../../resources/tekton/pipeline-spec.ts';
import { claimName } from '../workspaces/claims.ts';
import type { Children } from './children.ts';
import { graphOf } from './graph.ts';
import { reusable } from './reused-tasks.ts';
import { PipelineRunFailure } from './types.ts';

export interface TakenOver {
  readonly rerunOf: RerunOf;
  readonly tasks: readonly ReusedTask[];
}

/** @throws PipelineRunFailure where there is no earlier run that failed; undefined where none is named */
export async function takeOver(
  client: Client,
  children: Children,
  run: PipelineRun,
  spec: PipelineSpec,
): Promise<TakenOver | undefined> {
  const name = run.metadata.annotations?.[annotations.rerunOf];
  if (name === undefined) return undefined;
  const { rerunOf, reusedTasks } = run.status ?? {};
  if (rerunOf !== undefined) return { rerunOf, tasks: reusedTasks ?? [] };
  const earlier = await getFromServer(client, PipelineRun, { ...refOf(run), name });
  const fault = faultOf(earlier);
  if (earlier === undefined || fault !== undefined)
    throw new PipelineRunFailure(
      'PipelineValidationFailed',
      `${annotations.rerunOf}: PipelineRun "${name}" ${fault ?? 'does not exist'}`,
    );
  const { tasks = [] } = spec;
  const { runs } = await children.load(earlier, tasks);
  return {
    rerunOf: { name, claimsOf: earlier.status?.rerunOf?.claimsOf ?? earlier.metadata.uid ?? '' },
    tasks: reusable(graphOf(tasks), earlier, runs),
  };
}

function faultOf(earlier: PipelineRun | undefined): string | undefined {
  if (earlier === undefined) return 'does not exist';
  if (!isFinal(earlier)) return 'has not ended';
  return conditionOf(earlier, 'Succeeded')?.status === 'True'
    ? 'has succeeded: there is nothing to run again'
    : undefined;
}

/** The claims of the earlier run are this one's, too: they stay when that one is deleted. */
export async function shareClaims(client: Client, run: PipelineRun, claimsOf: string): Promise<void> {
  for (const binding of run.spec.workspaces ?? []) {
    if (binding.volumeClaimTemplate === undefined) continue;
    const name = claimName(binding, claimsOf);
    const claim = await getFromServer(client, PersistentVolumeClaim, { ...refOf(run), name });
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined)
      throw new PipelineRunFailure(
        'CouldntCreateWorkspacePVC',
        `the PersistentVolumeClaim "${name}" of workspace "${binding.name}" went with the run that it was made for: run the whole Pipeline again, without ${annotations.rerunOf}`,
      );
    const owners = claim.metadata.ownerReferences ?? [];
    if (owners.some(({ uid }) => uid === run.metadata.uid)) continue;
    const { controller: _controller, ...own } = controllerRef(run);
    const body = {
      metadata: { resourceVersion: claim.metadata.resourceVersion, ownerReferences: [...owners, own] },
    };
    await client.patch(PersistentVolumeClaim, refOf(claim), { type: 'merge', body });
  }
}
