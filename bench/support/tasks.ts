/** Creates Tasks and waits for their end as a client does: by one watch over HTTPS that stays open. */

import { randomBytes } from 'node:crypto';
import { conditionOf } from '../../src/resources/condition.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { type BenchServer, space } from './server.ts';

/** Names the Task; resolves once it is acknowledged. @param options `terminated`: it ends before it starts */
export async function createTask(
  { client }: BenchServer,
  app: string,
  { command, terminated }: { readonly command?: string; readonly terminated?: boolean } = {},
): Promise<string> {
  const name = `${app}-${randomBytes(4).toString('hex')}`;
  await client.create(Task, {
    metadata: { name, namespace: space },
    spec: {
      appRef: { name: app },
      ...(command === undefined ? {} : { command }),
      ...(terminated === undefined ? {} : { terminated }),
    },
  });
  return name;
}

/** Follows every Task of the server. */
export class TaskWatch {
  readonly #abort = new AbortController();
  readonly #seen = new Map<string, Task>();
  readonly #waiting = new Map<string, (task: Task) => void>();
  #failed: (error: Error) => void = () => {};
  readonly #broken = new Promise<never>((_, reject) => {
    this.#failed = reject;
  });
  finished = 0;

  constructor(readonly server: BenchServer) {
    this.#broken.catch(() => {});
    void this.#run();
  }

  /** Resolves in the turn in which the final state arrives. @throws when it has failed, or the watch has ended */
  async succeeded(name: string): Promise<Task> {
    const seen = this.#seen.get(name);
    const task = await Promise.race([
      seen ?? new Promise<Task>((resolve) => this.#waiting.set(name, resolve)),
      this.#broken,
    ]);
    this.#seen.delete(name);
    const condition = conditionOf(task, 'Succeeded');
    if (condition?.status !== 'True') throw new Error(`Task ${name}: ${condition?.reason}: ${condition?.message}`);
    return task;
  }

  close(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    try {
      for await (const { object } of this.server.client.watch(Task, { namespace: space, signal })) {
        if (Task.finished?.(object) !== true) continue;
        this.finished++;
        const { name } = object.metadata;
        const waiting = this.#waiting.get(name);
        this.#waiting.delete(name);
        if (waiting === undefined) this.#seen.set(name, object);
        else waiting(object);
      }
    } catch (error) {
      return this.#failed(error as Error);
    }
    if (!signal.aborted) this.#failed(new Error('the watch of the Tasks has ended'));
  }
}

/** Whatever the outcome. */
export async function awaitFinal({ client }: BenchServer, name: string): Promise<Task> {
  const only = { namespace: space, fieldSelector: `metadata.name=${name}` };
  for await (const { object } of client.watch(Task, only)) if (Task.finished?.(object) === true) return object;
  throw new Error(`the watch of Task ${name} has ended`);
}

/** Resolves when its container runs. */
export async function awaitRunning({ client }: BenchServer, name: string): Promise<void> {
  const only = { namespace: space, fieldSelector: `metadata.name=${name}` };
  for await (const { object } of client.watch(Task, only)) {
    const condition = conditionOf(object, 'Succeeded');
    if (condition?.reason === 'Running') return;
    if (Task.finished?.(object) === true) throw new Error(`Task ${name}: ${condition?.reason}: ${condition?.message}`);
  }
}
