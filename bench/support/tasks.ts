/** Creates Tasks and waits for their end. */

import { randomBytes } from 'node:crypto';
import { conditionOf } from '../../src/resources/condition.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { EndWatch } from './end-watch.ts';
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
export class TaskWatch extends EndWatch<Task> {
  /** @param since the revision from which on it looks; default: at every Task that is there, too */
  constructor(server: BenchServer, since?: string) {
    super(server, Task, since);
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
