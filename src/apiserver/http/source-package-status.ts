/** Writes the outcome of an upload into its SourcePackage. No controller does: the upload is the only thing it waits for. */

import { type ConditionDraft, happyCondition, mergeConditions } from '../../resources/condition.ts';
import { SourcePackage } from '../../resources/kf/source-package.ts';
import { type KubeObject, refOf } from '../../resources/meta.ts';
import { isConflict } from '../../resources/status.ts';
import type { Api, Caller } from '../api.ts';

/**
 * Makes the package final.
 * @param ready the condition UploadReady
 * @param image where the package was stored, when it was
 */
export async function finishSourcePackage(
  api: Api,
  caller: Caller,
  source: SourcePackage,
  ready: ConditionDraft,
  image?: string,
): Promise<KubeObject> {
  const now = new Date().toISOString().replace(/\.\d{3}Z$/, 'Z');
  const { size, checksum } = source.spec;
  const status = {
    ...source.status,
    conditions: mergeConditions(source.status?.conditions, [ready, happyCondition('Succeeded', [ready])], now),
    observedGeneration: source.metadata.generation,
    ...(image === undefined ? {} : { image, checksum, size }),
  };
  try {
    return await api.update(SourcePackage, refOf(source), { ...source, status }, { caller, subresource: 'status' });
  } catch (error) {
    if (!isConflict(error)) throw error;
    const latest = (await api.get(SourcePackage, refOf(source))) as SourcePackage;
    return finishSourcePackage(api, caller, latest, ready, image);
  }
}
