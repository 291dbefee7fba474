/**
 * The body of a request as a Secret. It belongs to the Hook until its Task is there, then to the Task, with which it
 * goes. What a crash leaves in between is put right at the next start.
 */

import { bodySecret, Secret } from '../../resources/core/kinds.ts';
import { type Hook, hookBodyKey } from '../../resources/kf/hook.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, type KubeObject, refOf } from '../../resources/meta.ts';
import { childName, randomName } from '../../resources/names.ts';
import { isNotFound } from '../../resources/status.ts';
import type { Api, Caller } from '../api.ts';

/** Label of those that have no Task yet. */
const unclaimed = 'kf.dev/unclaimed';

export class HookBodies {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** @param task the name of the Task to be; every attempt to make it has a Secret of its own */
  async keep(hook: Hook, task: string, body: Buffer, caller: Caller): Promise<Secret> {
    const { namespace } = hook.metadata;
    const draft = {
      metadata: {
        name: childName(task, `-${randomName('')}`),
        namespace,
        labels: { [labels.hook]: hook.metadata.name, [labels.task]: task, [unclaimed]: 'true' },
        ownerReferences: [controllerRef(hook)],
      },
      type: bodySecret,
      immutable: true,
      data: { [hookBodyKey]: body.toString('base64') },
    };
    return (await this.#api.create(Secret, namespace, draft, { caller })) as Secret;
  }

  async giveTo(task: Task, secret: KubeObject, caller: Caller): Promise<void> {
    const body = { metadata: { ownerReferences: [controllerRef(task)], labels: { [unclaimed]: null } } };
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
      const name = secret.metadata.labels?.[labels.task] ?? '';
      const task = await this.#task({ ...refOf(secret), name });
      const isMeant = task?.spec.inputs?.some(({ secretName }) => secretName === secret.metadata.name) === true;
      await (isMeant ? this.giveTo(task!, secret, caller) : this.drop(secret, caller));
    }
  }

  async #task(ref: { readonly namespace?: string; readonly name: string }): Promise<Task | undefined> {
    try {
      return (await this.#api.get(Task, ref)) as Task;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
