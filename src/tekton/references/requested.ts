/** What a resolver has found, by way of a ResolutionRequest: made once per question, owned by the run that asks first. */

import type { Client } from '../../client/client.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf } from '../../resources/condition.ts';
import { controllerOf, controllerRef, isControlledBy, type KubeObject, type ObjectRef } from '../../resources/meta.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import type { Param } from '../../resources/tekton/param.ts';
import type { RefSource } from '../../resources/tekton/reference.ts';
import { ResolutionRequest } from '../../resources/tekton/resolution-request.ts';
import { requestName } from './request-name.ts';

/** Says which resolver a request is for. */
export const resolverTypeLabel = 'resolution.tekton.dev/type';

export interface Question {
  readonly resolver: string;
  readonly params: readonly Param[];
  readonly url?: string;
  /** Name of the run that the answer is for: it and its PipelineRun ask the same question. */
  readonly asker: string;
}

export type Answer =
  | { readonly state: 'found'; readonly data: string; readonly source?: RefSource }
  | { readonly state: 'failed'; readonly message: string }
  /** `mine`: a change of the request wakes the run. */
  | { readonly state: 'waiting'; readonly mine: boolean };

/** Asks, once, and tells what is known by now. */
export async function ask(client: Client, run: KubeObject, question: Question): Promise<Answer> {
  const { namespace = '' } = run.metadata;
  const { resolver, params, url, asker } = question;
  const ref = { namespace, name: requestName(resolver, `${namespace}/${asker}`, params, url) };
  const request = (await getIfExists(client, ResolutionRequest, ref)) ?? (await make(client, run, ref, question));
  const mine = isControlledBy(request, run);
  if (!mine && isStrangers(request, run)) return { state: 'waiting', mine: false };
  const succeeded = conditionOf(request, 'Succeeded');
  if (succeeded?.status === 'True') {
    const { data = '', refSource } = request.status ?? {};
    return { state: 'found', data, ...(refSource === undefined ? {} : { source: refSource }) };
  }
  if (succeeded?.status === 'False') return { state: 'failed', message: succeeded.message ?? '' };
  return { state: 'waiting', mine };
}

async function make(
  client: Client,
  run: KubeObject,
  ref: ObjectRef,
  { resolver, params, url }: Question,
): Promise<ResolutionRequest> {
  try {
    return await client.create(ResolutionRequest, {
      metadata: { ...ref, labels: { [resolverTypeLabel]: resolver }, ownerReferences: [controllerRef(run)] },
      spec: { ...(params.length === 0 ? {} : { params }), ...(url === undefined ? {} : { url }) },
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const made = await getFromServer(client, ResolutionRequest, ref);
    if (made === undefined) throw error;
    return made;
  }
}

/** Made for an earlier run of this name, which is gone; the garbage collector takes it. */
function isStrangers(request: KubeObject, run: KubeObject): boolean {
  const owner = controllerOf(request)?.uid;
  return owner !== undefined && owner !== controllerOf(run)?.uid;
}
