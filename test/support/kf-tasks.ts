/** Tasks of a test's own server: starting them, waiting for what becomes of them, whether or not the server is up. */

import { setTimeout as delay } from 'node:timers/promises';
import { HttpClient } from '../../src/client/http/http-client.ts';
import { loadKubeconfig } from '../../src/client/http/kubeconfig.ts';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { StatusError } from '../../src/resources/status.ts';
import type { Kf } from './kf.ts';
import { slowness } from './slowness.ts';

export const space = 'dev';

/** A client of the running server. The caller closes it. */
export async function connect(kf: Kf): Promise<HttpClient> {
  return new HttpClient(await loadKubeconfig({ path: `${kf.dataDir}/kubeconfig` }), 'kf-test');
}

/** With a client of whichever server there is, again until one has answered. @throws StatusError that is an answer */
export async function asking<T>(kf: Kf, ask: (client: HttpClient) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const client = await connect(kf);
      try {
        return await ask(client);
      } finally {
        client.close();
      }
    } catch (error) {
      if (error instanceof StatusError && answers.includes(error.reason ?? '')) throw error;
      await delay(20);
    }
  }
}

/** Whatever is none of these may be a server that ends or comes up. */
const answers = ['NotFound', 'AlreadyExists', 'Invalid', 'BadRequest', 'Forbidden'];

/** The new Task's name. */
export async function startTask(kf: Kf, app: string, command: string, ...flags: readonly string[]): Promise<string> {
  const { stdout } = await kf.ok('run-task', app, '-c', command, ...flags, '-o', 'name');
  return stdout.trim().split('/').at(-1) ?? '';
}

/** Follows a Task until the condition holds, over any number of restarts of the server. */
export async function until(kf: Kf, name: string, holds: (task: Task) => boolean, patience = 40_000): Promise<Task> {
  const deadline = Date.now() + patience * slowness;
  let last: Task | undefined;
  while (Date.now() < deadline) {
    const signal = AbortSignal.timeout(Math.max(1, deadline - Date.now()));
    try {
      const client = await connect(kf);
      try {
        last = await client.get(Task, { namespace: space, name });
        if (holds(last)) return last;
        const { resourceVersion } = last.metadata;
        const fieldSelector = `metadata.name=${name}`;
        for await (const { object } of client.watch(Task, {
          namespace: space,
          fieldSelector,
          resourceVersion,
          signal,
        })) {
          last = object;
          if (holds(last)) return last;
        }
      } finally {
        client.close();
      }
    } catch {
      // No server at the moment: that is what is being tested.
    }
    await delay(20);
  }
  throw new Error(`Task ${name} did not get there: ${JSON.stringify(last?.status)}${await kf.log()}`);
}

export const finished = (kf: Kf, name: string, patience?: number): Promise<Task> => until(kf, name, isFinal, patience);

export const running = (kf: Kf, name: string): Promise<Task> =>
  until(kf, name, (task) => task.status?.startTime !== undefined || isFinal(task));

export const outcome = (task: Task) => {
  const { status, reason, message } = conditionOf(task, 'Succeeded') ?? {};
  return { exitCode: task.status?.exitCode, status, reason, message };
};

/** The whole log of a Task, through the command line. */
export async function logOf(kf: Kf, name: string): Promise<string> {
  return (await kf.ok('logs', name, '--recent')).stdout;
}

/** Resolves once a Task's log holds `text`. */
export async function logged(kf: Kf, name: string, text: string): Promise<void> {
  const client = await connect(kf);
  const stop = new AbortController();
  try {
    let seen = '';
    const options = { follow: true, signal: stop.signal };
    for await (const chunk of client.taskLog({ namespace: space, name }, options)) {
      seen += chunk.toString();
      if (seen.includes(text)) return;
    }
    throw new Error(`Task ${name} ended without printing ${JSON.stringify(text)}: ${seen.slice(-500)}`);
  } finally {
    stop.abort();
    client.close();
  }
}
