/** Deletes an App's oldest Tasks and Builds, with all that belongs to them, and what interrupted pushes have left. */

import type { AnyKind, Client, ListedMetadata } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import {
  type ControllerContext,
  itself,
  mapped,
  type Result,
  type RunningController,
  startController,
} from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { isFinal } from '../../resources/condition.ts';
import { App } from '../../resources/kf/app.ts';
import { Build } from '../../resources/kf/build.ts';
import { SourcePackage } from '../../resources/kf/source-package.ts';
import { Space } from '../../resources/kf/space.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { type KubeObject, namespacedName, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isNotFound } from '../../resources/status.ts';
import { expired } from './expired.ts';

export interface RetentionLimits {
  /** Tasks kept per App, where the Space does not say otherwise. Default 500 (Kf). */
  readonly tasks: number;
  /** Builds kept per App, where the Space does not say otherwise. Default 5 (Kf). */
  readonly builds: number;
}

export const usualLimits: RetentionLimits = { tasks: 500, builds: 5 };

interface Options extends ControllerContext {
  readonly limits?: RetentionLimits;
}

/** Milliseconds between two looks at the same App: a look after every Task would cost more than it gains. */
const interval = 10_000;
/** Milliseconds after which an upload that nothing is built of is one of a push that was interrupted. */
const longestPush = 24 * 3_600_000;
/** With so many objects it is twice as long, and so on: looks cost the same whatever the number. */
const usualCount = 10_000;

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

interface Trim {
  readonly limit: number;
  readonly perJob?: number | undefined;
  /** Names of some that stay in any case. */
  readonly kept?: readonly (string | undefined)[];
}

export class RetentionController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #limits: RetentionLimits;
  /** By namespace and name: the last look, and when the next one may be. */
  readonly #looks = new Map<string, { readonly at: number; readonly next: number }>();

  constructor({ client, clock, limits = usualLimits }: Options) {
    this.#client = client;
    this.#clock = clock;
    this.#limits = limits;
  }

  async reconcile(app: ObjectRef): Promise<Result | void> {
    const key = namespacedName(app);
    const now = this.#clock.now();
    // A look in the future is one before the clock was set back.
    for (const [other, { at, next }] of this.#looks) if (next <= now || at > now) this.#looks.delete(other);
    const last = this.#looks.get(key);
    if (last !== undefined) return { requeueAfter: last.next - now };
    this.#looks.set(key, { at: now, next: now + interval });
    const space = await getIfExists(this.#client, Space, { name: app.namespace! });
    await this.#trimBuilds(app, space);
    const count = await this.#trimTasks(app, space);
    this.#looks.set(key, { at: now, next: now + interval * Math.max(1, count / usualCount) });
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

  #trimTasks(app: ObjectRef, space: Space | undefined): Promise<number> {
    const { maxTasks, perJobMin } = space?.spec?.taskConfig?.retention ?? {};
    return this.#trim(Task, app, { limit: maxTasks ?? this.#limits.tasks, perJob: perJobMin });
  }

  /** The Builds that the App names stay, whatever their age: the newest would be made again, of the other it has its image. */
  async #trimBuilds(ref: ObjectRef, space: Space | undefined): Promise<void> {
    const app = await getIfExists(this.#client, App, ref);
    const { latestBuild, latestReadyBuild } = app?.status ?? {};
    const limit = space?.spec?.buildConfig?.retention?.maxBuilds ?? this.#limits.builds;
    const count = await this.#trim(Build, ref, { limit, kept: [latestBuild, latestReadyBuild] });
    if (app !== undefined) await this.#trimSources(app, count);
  }

  /** Packages that neither the App nor any of its Builds names. @param count of its Builds: each may have one */
  async #trimSources(app: App, count: number): Promise<void> {
    const { namespace, name } = app.metadata;
    const ofApp = { namespace: namespace!, labelSelector: `${labels.appName}=${name}` };
    if ((await this.#client.listMetadata(SourcePackage, ofApp)).items.length <= count) return;
    // What is named is read after what is there.
    const { items } = await this.#client.list(SourcePackage, ofApp);
    const builds = (await this.#client.list(Build, ofApp)).items.map(({ spec }) => spec);
    const newest = (await getIfExists(this.#client, App, refOf(app)))?.spec.build.spec;
    const named = new Set([...builds, newest].map((spec) => spec?.sourcePackage?.name));
    for (const source of items) {
      const { creationTimestamp = '', name, uid } = source.metadata;
      const age = this.#clock.now() - Date.parse(creationTimestamp);
      if (age > longestPush && !named.has(name)) await this.#delete(SourcePackage, refOf(source), uid);
    }
  }

  /** @returns how many there were */
  async #trim(kind: typeof Task | typeof Build, app: ObjectRef, { limit, perJob, kept = [] }: Trim): Promise<number> {
    const ofApp = { namespace: app.namespace!, labelSelector: `${labels.appName}=${app.name}` };
    const { items } = await this.#client.listMetadata(kind, ofApp);
    if (items.length <= limit) return items.length;
    const unfinished = await this.#client.list<AnyKind>(kind, { ...ofApp, unfinishedOnly: true });
    const stay = new Set(unfinished.items.filter((object) => !isFinal(object)).map(({ metadata }) => metadata.uid));
    const mayGo = ({ uid, name }: ListedMetadata): boolean => !stay.has(uid) && !kept.includes(name);
    for (const { name } of expired(items, limit, mayGo, perJob)) {
      const object: Task | Build | undefined = await getIfExists<AnyKind>(this.#client, kind, { ...app, name });
      // The two lists are of two moments.
      if (object === undefined || !isFinal(object)) continue;
      const source = 'sourcePackage' in object.spec ? object.spec.sourcePackage?.name : undefined;
      // First, because nobody knows of it once the Build is gone.
      if (source !== undefined) await this.#delete(SourcePackage, { ...refOf(object), name: source });
      await this.#delete(kind, refOf(object), object.metadata.uid!);
    }
    return items.length;
  }

  async #delete(kind: AnyKind, ref: ObjectRef, uid?: string): Promise<void> {
    try {
      await this.#client.delete(kind, ref, uid === undefined ? {} : { preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
