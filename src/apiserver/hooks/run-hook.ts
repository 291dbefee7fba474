/** Runs the Task of a hook, or the run of its Job: once for each delivery, as the Job's policy has it. */

import { createHash } from 'node:crypto';
import { App } from '../../resources/kf/app.ts';
import type { Hook } from '../../resources/kf/hook.ts';
import { isHeld, type JobRun, type JobRunKind, refusalOf, runKindOf } from '../../resources/kf/job-run.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, type KubeObject, type ObjectRef, refOf } from '../../resources/meta.ts';
import { randomName } from '../../resources/names.ts';
import { isAlreadyExists, isNotFound, type StatusError, statusError } from '../../resources/status.ts';
import type { Api, Caller } from '../api.ts';
import { HookBodies } from './hook-body.ts';
import type { HookRequest } from './hook-request.ts';
import { type Delivery, jobRunWith, taskWith } from './hook-run.ts';

export interface HookResult {
  /** `Task`, or the kind of run that the Job carries. */
  readonly kind: JobRunKind['kind'];
  readonly name: string;
  /** Whether an earlier request with the same delivery made it. */
  readonly repeated: boolean;
  /** Whether it waits for runs that it replaces to end, or for its Job's controller. */
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
    const kind = isJob(target) ? runKindOf(target) : Task;
    const name = runName(hook, target, request.delivery);
    const existing = await this.#find(kind, { ...refOf(hook), name });
    if (existing !== undefined) return repeated(existing as JobRun);
    const secret = await this.#bodies.keep(hook, { kind, name }, { request, body }, caller);
    const draft = draftOf(hook, target, name, { request, secretName: secret.metadata.name });
    let run: JobRun;
    try {
      run = (await this.#api.create(kind, hook.metadata.namespace, draft, { caller })) as JobRun;
    } catch (error) {
      await this.#bodies.drop(secret, caller);
      const first = isAlreadyExists(error) ? await this.#find(kind, { ...refOf(hook), name }) : undefined;
      if (first !== undefined) return repeated(first as JobRun);
      throw error;
    }
    await this.#bodies.giveTo(run, secret, caller);
    const waiting = isJob(target) && (await this.#awaitDecision(kind, run, target));
    return { kind: kind.kind, name, repeated: false, waiting };
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
    return found as App | TaskSchedule;
  }

  /** Whether the run still waits. @throws StatusError Conflict when the Job's policy refuses it */
  async #awaitDecision(kind: JobRunKind, run: JobRun, job: TaskSchedule): Promise<boolean> {
    const { namespace, name, resourceVersion } = run.metadata;
    const signal = AbortSignal.timeout(job.spec.concurrencyPolicy === 'Replace' ? 1_000 : decisionPatience);
    const events = this.#api.watch(kind, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      resourceVersion,
      signal,
    });
    for await (const event of events) {
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED') throw await this.#refusal(run, job);
      if (!isHeld(event.object as JobRun)) return false;
    }
    return true;
  }

  async #refusal(run: JobRun, job: TaskSchedule): Promise<StatusError> {
    const latest = (await this.#find(TaskSchedule, refOf(job))) as TaskSchedule | undefined;
    const refusal = latest === undefined ? undefined : refusalOf(latest, run.metadata.name);
    const why = refusal?.message ?? `the ${run.kind} was deleted before it started`;
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

const repeated = (run: JobRun): HookResult => ({
  kind: run.kind as JobRunKind['kind'],
  name: run.metadata.name,
  repeated: true,
  waiting: isHeld(run),
});

function draftOf(hook: Hook, target: App | TaskSchedule, name: string, delivery: Delivery) {
  const { namespace } = hook.metadata;
  const draft = isJob(target)
    ? jobRunWith(target, name, delivery)
    : {
        metadata: { name, namespace, labels: {}, ownerReferences: [controllerRef(target)] },
        spec: taskWith(hook.spec.taskTemplate!, delivery),
      };
  const { metadata } = draft;
  return { ...draft, metadata: { ...metadata, labels: { ...metadata.labels, [labels.hook]: hook.metadata.name } } };
}

/** The same for every repeat of a delivery. */
function runName(hook: Hook, target: App | TaskSchedule, delivery: string | undefined): string {
  const prefix = `${target.metadata.name.slice(0, 40)}-hook-`;
  if (delivery === undefined) return randomName(prefix);
  return prefix + createHash('sha256').update(`${hook.metadata.uid}\0${delivery}`).digest('hex').slice(0, 10);
}
