/** Jobs of a server that is measured: many at once, and what asking the server takes meanwhile. */

import { setTimeout as delay } from 'node:timers/promises';
import { App } from '../../src/resources/kf/app.ts';
import { TaskSchedule } from '../../src/resources/kf/task-schedule.ts';
import { controllerRef } from '../../src/resources/meta.ts';
import { type BenchServer, space } from './server.ts';

/** Creates so many Jobs of an App, `width` at a time, and waits until each has reckoned its next run. */
export async function createJobs(
  server: BenchServer,
  app: string,
  count: number,
  { schedule, width = 16 }: { readonly schedule: string; readonly width?: number },
): Promise<void> {
  const { client } = server;
  const owner = controllerRef(await client.get(App, { namespace: space, name: app }));
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++)
      await client.create(TaskSchedule, {
        metadata: { namespace: space, name: `job-${index}`, ownerReferences: [owner] },
        spec: { schedule, taskTemplate: { appRef: { name: app } } },
      });
  };
  await Promise.all(Array.from({ length: width }, work));
  const waiting = new Set(Array.from({ length: count }, (_, index) => `job-${index}`));
  for await (const { object } of client.watch(TaskSchedule, { namespace: space })) {
    if (object.status?.nextScheduleTime !== undefined) waiting.delete(object.metadata.name);
    if (waiting.size === 0) return;
  }
  throw new Error(`${waiting.size} Jobs were not reckoned`);
}

/** Asks for one object again and again. */
export class Prober {
  /** Milliseconds of each answer. */
  readonly answers: number[] = [];
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(server: BenchServer, app: string) {
    this.#done = this.#run(server, app);
  }

  async stop(): Promise<readonly number[]> {
    this.#stopped = true;
    await this.#done;
    return this.answers;
  }

  async #run({ client }: BenchServer, name: string): Promise<void> {
    while (!this.#stopped) {
      const began = performance.now();
      await client.get(App, { namespace: space, name });
      this.answers.push(performance.now() - began);
      await delay(5);
    }
  }
}
