/**
 * The body of a request as a Secret. It belongs to the Hook until its run is there, then to the run, with which it
 * goes. What a crash leaves in between is put right at the next start.
 */

import { bodySecret, Secret } from '../../resources/core/kinds.ts';
import { type Hook, hookBodyKey } from '../../resources/kf/hook.ts';
import type { JobRun, JobRunKind } from '../../resources/kf/job-run.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, type KubeObject, type ObjectRef, refOf } from '../../resources/meta.ts';
import { childName, randomName } from '../../resources/names.ts';
import { isNotFound } from '../../resources/status.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import type { Api, Caller } from '../api.ts';
import type { HookRequest } from './hook-request.ts';
import { requestData, seesSecret } from './hook-run.ts';

/** Label of those that have no run yet: the run's kind. */
const unclaimed = 'kf.dev/unclaimed';
const kinds: readonly JobRunKind[] = [Task, TaskRun, PipelineRun];

export class HookBodies {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** @param run what is to be; every attempt to make it has a Secret of its own */
  async keep(
    hook: Hook,
    run: { readonly kind: JobRunKind; readonly name: string },
    { request, body }: { readonly request: HookRequest; readonly body: Buffer },
    caller: Caller,
  ): Promise<Secret> {
    const { namespace } = hook.metadata;
    const draft = {
      metadata: {
        name: childName(run.name, `-${randomName('')}`),
        namespace,
        labels: { [labels.hook]: hook.metadata.name, [labels.task]: run.name, [unclaimed]: run.kind.kind },
        ownerReferences: [controllerRef(hook)],
      },
      type: bodySecret,
      immutable: true,
      data: { ...(run.kind === Task ? {} : requestData(request)), [hookBodyKey]: body.toString('base64') },
    };
    return (await this.#api.create(Secret, namespace, draft, { caller })) as Secret;
  }

  async giveTo(run: JobRun, secret: KubeObject, caller: Caller): Promise<void> {
    const body = { metadata: { ownerReferences: [controllerRef(run)], labels: { [unclaimed]: null } } };
    try {
      await this.#api.patch(Secret, refOf(secret), { type: 'merge', body }, { caller });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async drop(secret: KubeObject, caller: Caller): Promise<void> {
    try {
      await this.#api.delete(Secret, refOf(secret), { caller });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** To be called while no request is under way. */
  async sweep(caller: Caller): Promise<void> {
    const { items } = await this.#api.list(Secret, { labelSelector: unclaimed });
    for (const secret of items) {
      const { [labels.task]: name = '', [unclaimed]: kind } = secret.metadata.labels ?? {};
      const run = await this.#run(kinds.find((one) => one.kind === kind) ?? Task, { ...refOf(secret), name });
      const isMeant = run !== undefined && seesSecret(run, secret.metadata.name);
      await (isMeant ? this.giveTo(run, secret, caller) : this.drop(secret, caller));
    }
  }

  async #run(kind: JobRunKind, ref: ObjectRef): Promise<JobRun | undefined> {
    try {
      return (await this.#api.get(kind, ref)) as JobRun;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
