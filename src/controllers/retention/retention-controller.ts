/** Lets go of an App's oldest Tasks and Builds, with all that belongs to them. */

import type { AnyKind, Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { itself, mapped, type Result, type RunningController, startController } from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { isFinal } from '../../resources/condition.ts';
import { App } from '../../resources/kf/app.ts';
import { Build } from '../../resources/kf/build.ts';
import { SourcePackage } from '../../resources/kf/source-package.ts';
import { Space } from '../../resources/kf/space.ts';
import { Task } from '../../resources/kf/task.ts';
import type { ObjectOf } from '../../resources/kind.ts';
import { labels } from '../../resources/labels.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isNotFound } from '../../resources/status.ts';
import { expired } from './expired.ts';

export interface RetentionLimits {
  /** Tasks kept per App, where the Space does not say otherwise. Default 500 (Kf). */
  readonly tasks: number;
  /** Builds kept per App, where the Space does not say otherwise. Default 5 (Kf). */
  readonly builds: number;
}

export const usualLimits: RetentionLimits = { tasks: 500, builds: 5 };

interface Options {
  readonly client: Client;
  readonly clock: Clock;
  readonly limits?: RetentionLimits;
  readonly onError?: (message: string, error: unknown) => void;
}

/** Milliseconds between two looks at the same App: reading its history after every Task would cost more than it gains. */
const interval = 10_000;

/** An App's label stands for the App, in the namespace of the object that bears it. */
const appOf = ({ metadata }: KubeObject): readonly ObjectRef[] => {
  const name = metadata.labels?.[labels.appName];
  return name === undefined || metadata.namespace === undefined ? [] : [{ namespace: metadata.namespace, name }];
};

export function startRetentionController(options: Options): RunningController {
  const controller = new RetentionController(options);
  return startController({
    ...options,
    name: 'retention',
    concurrency: 1,
    watches: [
      mapped(Task, appOf, { unfinishedOnly: true }),
      mapped(Build, appOf, { unfinishedOnly: true }),
      // A setting that was changed holds at once.
      itself(Space),
    ],
    reconcile: (ref) => (ref.namespace === undefined ? controller.reconcileSpace(ref.name) : controller.reconcile(ref)),
  });
}

export class RetentionController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #limits: RetentionLimits;
  readonly #lastLook = new Map<string, number>();

  constructor({ client, clock, limits = usualLimits }: Options) {
    this.#client = client;
    this.#clock = clock;
    this.#limits = limits;
  }

  async reconcile(app: ObjectRef): Promise<Result | void> {
    const key = `${app.namespace}/${app.name}`;
    const now = this.#clock.now();
    // A look in the future is one before the clock was set back.
    for (const [other, look] of this.#lastLook) if (look + interval <= now || look > now) this.#lastLook.delete(other);
    const last = this.#lastLook.get(key);
    if (last !== undefined) return { requeueAfter: last + interval - now };
    this.#lastLook.set(key, now);
    const space = await getIfExists(this.#client, Space, { name: app.namespace! });
    await this.#trimBuilds(app, space);
    await this.#trimTasks(app, space);
  }

  /** Its settings may have changed. */
  async reconcileSpace(name: string): Promise<void> {
    const space = await getIfExists(this.#client, Space, { name });
    const { taskConfig, buildConfig } = space?.spec ?? {};
    if (taskConfig?.retention === undefined && buildConfig?.retention === undefined) return;
    const { items } = await this.#client.list(App, { namespace: name });
    for (const app of items) {
      await this.#trimBuilds(refOf(app), space);
      await this.#trimTasks(refOf(app), space);
    }
  }

  #trimTasks(app: ObjectRef, space: Space | undefined): Promise<void> {
    const { maxTasks, perJobMin } = space?.spec?.taskConfig?.retention ?? {};
    return this.#trim(Task, app, isFinal, maxTasks ?? this.#limits.tasks, perJobMin);
  }

  /** The Builds that the App names stay, whatever their age: the newest would be made again, of the other it has its image. */
  async #trimBuilds(ref: ObjectRef, space: Space | undefined): Promise<void> {
    const app = await getIfExists(this.#client, App, ref);
    const { latestBuild, latestReadyBuild } = app?.status ?? {};
    const mayGo = (build: Build): boolean =>
      isFinal(build) && build.metadata.name !== latestBuild && build.metadata.name !== latestReadyBuild;
    await this.#trim(Build, ref, mayGo, space?.spec?.buildConfig?.retention?.maxBuilds ?? this.#limits.builds);
  }

  async #trim<K extends typeof Task | typeof Build>(
    kind: K,
    app: ObjectRef,
    mayGo: (object: ObjectOf<K>) => boolean,
    limit: number,
    perJob?: number,
  ): Promise<void> {
    const { items } = await this.#client.list(kind, {
      namespace: app.namespace!,
      labelSelector: `${labels.appName}=${app.name}`,
    });
    for (const object of expired<ObjectOf<K>>(items, limit, mayGo, perJob)) {
      const source = 'sourcePackage' in object.spec ? object.spec.sourcePackage?.name : undefined;
      // First, because nobody knows of it once the Build is gone.
      if (source !== undefined) await this.#delete(SourcePackage, { ...refOf(object), name: source });
      await this.#delete(kind, refOf(object), object.metadata.uid!);
    }
  }

  async #delete(kind: AnyKind, ref: ObjectRef, uid?: string): Promise<void> {
    try {
      await this.#client.delete(kind, ref, uid === undefined ? {} : { preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
