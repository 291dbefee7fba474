/** What the steps of a run say that it took and made. Pure. */

import type { TaskRunStatus } from '../../resources/tekton/task-run-status.ts';
import { artifactsIn } from './results.ts';
import { returned } from './start-order.ts';

/** The whole Task's artifacts, and those of all steps. @param messages termination messages, in the steps' order */
export function artifactsOf(messages: readonly (string | undefined)[]): TaskRunStatus['artifacts'] {
  const ofTask = messages
    .map((message) => artifactsIn(message, returned.taskArtifacts))
    .filter((found) => found !== undefined);
  const ofSteps = messages
    .map((message) => artifactsIn(message, returned.stepArtifacts))
    .filter((found) => found !== undefined);
  const all = [...ofTask.slice(-1), ...ofSteps];
  if (all.length === 0) return undefined;
  const inputs = merged(all.flatMap((found) => found.inputs ?? []));
  const outputs = merged(all.flatMap((found) => found.outputs ?? []));
  return {
    ...(inputs.length === 0 ? {} : { inputs }),
    ...(outputs.length === 0 ? {} : { outputs }),
  };
}

/** One artifact per name, with all its values once. */
function merged<A extends { readonly name?: string; readonly values?: readonly unknown[] }>(
  artifacts: readonly A[],
): readonly A[] {
  const byName = new Map<string, A>();
  for (const artifact of artifacts) {
    const before = byName.get(artifact.name ?? '');
    const known = new Set((before?.values ?? []).map((value) => JSON.stringify(value)));
    const added = (artifact.values ?? []).filter((value) => !known.has(JSON.stringify(value)));
    byName.set(artifact.name ?? '', { ...before, ...artifact, values: [...(before?.values ?? []), ...added] });
  }
  return [...byName.values()];
}
