/** Gives Tasks their numbers: a conditional update of the App's status. Gaps are possible, doubles are not. */

import type { Client } from '../../client/client.ts';
import { KeyedMutex } from '../../client/keyed-mutex.ts';
import { App } from '../../resources/kf/app.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { namespacedName, refOf } from '../../resources/meta.ts';

export class TaskNumbers {
  readonly #client: Client;
  /** Per App: Tasks that start together wait for each other instead of running into conflicts. */
  readonly #mutex = new KeyedMutex();

  constructor(client: Client) {
    this.#client = client;
  }

  /** The Task with its number and Kf's label for it. @throws StatusError Conflict, to be tried again */
  async take(task: Task, app: App): Promise<Task | undefined> {
    if (task.status?.id !== undefined) return this.#labelled(task, task.status.id);
    return this.#mutex.run(namespacedName(app.metadata), () => this.#take(task));
  }

  async #take(task: Task): Promise<Task> {
    const app = await this.#client.get(App, { ...refOf(task), name: task.spec.appRef.name });
    const id = (app.status?.tasks?.updateRequests ?? 0) + 1;
    await this.#client.updateStatus(App, { ...app, status: { ...app.status, tasks: { updateRequests: id } } });
    const numbered = await this.#client.updateStatus(Task, { ...task, status: { ...task.status, id } });
    return this.#labelled(numbered, id);
  }

  /** A write of its own: a crash may have come between it and the number. */
  async #labelled(task: Task, id: number): Promise<Task> {
    if (task.metadata.labels?.[labels.version] === String(id)) return task;
    return this.#client.patch(Task, refOf(task), {
      type: 'merge',
      body: { metadata: { labels: { [labels.version]: String(id) } } },
    });
  }
}
