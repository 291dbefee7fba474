/** Which Tasks wait for which App, so that a change of the App wakes just those. Filled again by the first reconciles after a restart. */

import type { Task } from '../../resources/kf/task.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';

export class WaitingTasks {
  readonly #byApp = new Map<string, Map<string, ObjectRef>>();

  add(task: Task): void {
    const app = keyOf({ ...refOf(task), name: task.spec.appRef.name });
    const tasks = this.#byApp.get(app) ?? new Map<string, ObjectRef>();
    tasks.set(keyOf(refOf(task)), refOf(task));
    this.#byApp.set(app, tasks);
  }

  remove(task: ObjectRef): void {
    for (const [app, tasks] of this.#byApp) {
      tasks.delete(keyOf(task));
      if (tasks.size === 0) this.#byApp.delete(app);
    }
  }

  of(app: ObjectRef): readonly ObjectRef[] {
    return [...(this.#byApp.get(keyOf(app))?.values() ?? [])];
  }
}

const keyOf = ({ namespace, name }: ObjectRef): string => `${namespace ?? ''}/${name}`;
