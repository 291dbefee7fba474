/** Data directories that hold many finished Tasks: copies of a real one with all that belongs to it. */

import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnyKind } from '../../src/client/client.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { App } from '../../src/resources/kf/app.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import type { Sample } from './fill-store.ts';
import { succeed } from './processes.ts';
import { BenchServer, root, space } from './server.ts';
import { createTask, TaskWatch } from './tasks.ts';
import type { Workspace } from './workspace.ts';

const homes = new WeakMap<Workspace, Map<number, Promise<string>>>();

/** The home of a stopped server with so many Tasks, of which each App has at most 500: what retention keeps. */
export function storedTasks(workspace: Workspace, count: number): Promise<string> {
  const known = homes.get(workspace) ?? new Map<number, Promise<string>>();
  homes.set(workspace, known);
  let home = known.get(count);
  if (home === undefined) {
    home = make(workspace, count);
    known.set(count, home);
  }
  return home;
}

async function make(workspace: Workspace, count: number): Promise<string> {
  const server = await BenchServer.start(workspace);
  await server.app('sample', 'echo hi');
  const sample = await sampleOf(server);
  await server.settled();
  await server.stop();
  const file = join(server.home, 'sample.json');
  await writeFile(file, JSON.stringify(sample));
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
  const fill = join(dirname(fileURLToPath(import.meta.url)), 'fill-store.ts');
  await succeed(process.execPath, [tsx, fill, join(server.home, 'kf'), file, `${count}`], process.env);
  return server.home;
}

/** One Task that has succeeded, its App, and what was made for it. */
async function sampleOf(server: BenchServer): Promise<Sample> {
  const { client } = server;
  const watch = new TaskWatch(server);
  const task = await watch.succeeded(await createTask(server, 'sample'));
  watch.close();
  await server.settled();
  const only = async (kind: AnyKind) => {
    const [object, ...others] = (await client.list(kind, { namespace: space })).items;
    if (object === undefined || others.length > 0) throw new Error(`one ${kind.kind} expected`);
    return object;
  };
  return {
    app: await only(App),
    objects: [task, await only(PipelineRun), await only(TaskRun), await only(Pod)],
  };
}
