/** Runs the Task of a hook: once for each delivery, as the Job's policy has it where it is a Job's. */

import { createHash } from 'node:crypto';
import { App } from '../../resources/kf/app.ts';
import { type Hook, hookBodyKey, hookFolder } from '../../resources/kf/hook.ts';
import { refusalOf, runOf } from '../../resources/kf/job-run.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, type KubeObject, type ObjectRef, refOf } from '../../resources/meta.ts';
import { randomName } from '../../resources/names.ts';
import { isAlreadyExists, isNotFound, type StatusError, statusError } from '../../resources/status.ts';
import type { Api, Caller } from '../api.ts';
import { HookBodies } from './hook-body.ts';
import { type HookRequest, hookEnv } from './hook-request.ts';

export interface HookResult {
  readonly task: string;
  /** Whether an earlier request with the same delivery made it. */
  readonly repeated: boolean;
  /** Whether it waits for Tasks that it replaces to end, or for its Job's controller. */
  readonly waiting: boolean;
}

/** Milliseconds for which a Job's decision is waited for; the request is taken in any case. */
const decisionPatience = 5_000;

export class HookRunner {
  readonly #api: Api;
  readonly #bodies: HookBodies;

  constructor(api: Api) {
    this.#api = api;
    this.#bodies = new HookBodies(api);
  }

  /** Puts right what a crash left. To be called while no request is under way. */
  sweep(): Promise<void> {
    return this.#bodies.sweep({ user: 'system:kf', groups: [] });
  }

  /** @throws StatusError NotFound (the App or Job), Conflict (the Job's policy) */
  async run(hook: Hook, request: HookRequest, body: Buffer): Promise<HookResult> {
    const caller: Caller = { user: `hook ${hook.metadata.name}`, groups: [] };
    const target = await this.#target(hook);
    const name = taskName(hook, target, request.delivery);
    const existing = await this.#find(Task, { ...refOf(hook), name });
    if (existing !== undefined) return repeated(existing as Task);
    const secret = await this.#bodies.keep(hook, name, body, caller);
    const draft = this.#draft(hook, target, request, { name, secretName: secret.metadata.name });
    let task: Task;
    try {
      task = (await this.#api.create(Task, hook.metadata.namespace, draft, { caller })) as Task;
    } catch (error) {
      await this.#bodies.drop(secret, caller);
      const first = isAlreadyExists(error) ? await this.#find(Task, { ...refOf(hook), name }) : undefined;
      if (first !== undefined) return repeated(first as Task);
      throw error;
    }
    await this.#bodies.giveTo(task, secret, caller);
    const waiting = isJob(target) && (await this.#awaitDecision(task, target));
    return { task: name, repeated: false, waiting };
  }

  async #target({ metadata, spec }: Hook): Promise<App | TaskSchedule> {
    const { jobRef, taskTemplate } = spec;
    const [kind, word, name] =
      jobRef === undefined
        ? ([App, 'App', taskTemplate?.appRef.name ?? ''] as const)
        : ([TaskSchedule, 'Job', jobRef.name] as const);
    const found = await this.#find(kind, { namespace: metadata.namespace, name });
    if (found === undefined || found.metadata.deletionTimestamp !== undefined)
      throw statusError('NotFound', `${word} "${name}" does not exist any more`, {});
    if (kind === TaskSchedule && (found as TaskSchedule).spec.taskTemplate === undefined)
      throw statusError('Conflict', `Job "${name}" carries no Task: a hook starts Tasks only`, {});
    return found as App | TaskSchedule;
  }

  #draft(
    hook: Hook,
    target: App | TaskSchedule,
    request: HookRequest,
    { name, secretName }: { readonly name: string; readonly secretName: string },
  ) {
    const template = (isJob(target) ? target.spec.taskTemplate : hook.spec.taskTemplate)!;
    const added = hookEnv(request, `${hookFolder}/${hookBodyKey}`);
    const names = new Set(added.map((variable) => variable.name));
    const spec: Task['spec'] = {
      ...template,
      env: [...(template.env ?? []).filter((variable) => !names.has(variable.name)), ...added],
      inputs: [...(template.inputs ?? []), { secretName, mountPath: hookFolder }],
    };
    const draft = isJob(target)
      ? { ...runOf(target, { name, spec, pending: true }), spec: { ...spec, pending: true } }
      : { metadata: { name, namespace: hook.metadata.namespace, ownerReferences: [controllerRef(target)] }, spec };
    return {
      ...draft,
      metadata: {
        ...draft.metadata,
        labels: { ...('labels' in draft.metadata ? draft.metadata.labels : {}), [labels.hook]: hook.metadata.name },
      },
    };
  }

  /** Whether the Task still waits. @throws StatusError Conflict when the Job's policy refuses it */
  async #awaitDecision(task: Task, job: TaskSchedule): Promise<boolean> {
    const { namespace, name, resourceVersion } = task.metadata;
    const signal = AbortSignal.timeout(job.spec.concurrencyPolicy === 'Replace' ? 1_000 : decisionPatience);
    const events = this.#api.watch(Task, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      resourceVersion,
      signal,
    });
    for await (const event of events) {
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED') throw await this.#refusal(task, job);
      if ((event.object as Task).spec.pending !== true) return false;
    }
    return true;
  }

  async #refusal(task: Task, job: TaskSchedule): Promise<StatusError> {
    const latest = (await this.#find(TaskSchedule, refOf(job))) as TaskSchedule | undefined;
    const refusal = latest === undefined ? undefined : refusalOf(latest, task.metadata.name);
    const why = refusal?.message ?? 'the Task was deleted before it started';
    return statusError('Conflict', `Job "${job.metadata.name}" does not run now: ${why}`, {
      name: job.metadata.name,
      kind: 'taskschedules',
    });
  }

  async #find(kind: Parameters<Api['get']>[0], ref: ObjectRef): Promise<KubeObject | undefined> {
    try {
      return await this.#api.get(kind, ref);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

const isJob = (target: App | TaskSchedule): target is TaskSchedule => target.kind === 'TaskSchedule';

const repeated = (task: Task): HookResult => ({
  task: task.metadata.name,
  repeated: true,
  waiting: task.spec.pending === true,
});

/** The same for every repeat of a delivery. */
function taskName(hook: Hook, target: App | TaskSchedule, delivery: string | undefined): string {
  const prefix = `${target.metadata.name.slice(0, 40)}-hook-`;
  if (delivery === undefined) return randomName(prefix);
  return prefix + createHash('sha256').update(`${hook.metadata.uid}\0${delivery}`).digest('hex').slice(0, 10);
}
