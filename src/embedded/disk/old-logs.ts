/** Whole logs of Tasks that have ended, the oldest first. */

import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnyKind, Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import type { RunCommand } from '../../node/host/run-command.ts';
import type { LogStore } from '../../node/logs/log-store.ts';
import { Pod } from '../../resources/core/pod.ts';
import { Build } from '../../resources/kf/build.ts';
import { Task } from '../../resources/kf/task.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { sizesIn } from './du.ts';
import type { Shrinkable } from './shrinkable.ts';

export interface OldLogsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logs: LogStore;
  /** Holds a folder of logs per owner. */
  readonly directory: string;
  readonly run: RunCommand;
  /** Whether a log is still to be forwarded. */
  readonly holds: (owner: string) => Promise<boolean>;
}

export function oldLogs(options: OldLogsOptions): Shrinkable {
  const { clock, logs, holds } = options;
  return {
    name: 'logs',
    async shrink(bytes) {
      let freed = 0;
      for (const { owner, size } of await expendable(options)) {
        if (freed >= bytes) break;
        if (await holds(owner)) continue;
        await logs.discard(owner, rfc3339(clock.now()));
        freed += size;
      }
      return freed;
    },
  };
}

interface OwnedLog {
  readonly owner: string;
  readonly size: number;
  /** When its last attempt began; milliseconds since the epoch. */
  readonly begun: number;
}

/** Oldest first. */
async function expendable({ client, directory, run }: OldLogsOptions): Promise<readonly OwnedLog[]> {
  // Before it is known whose is needed: what begins meanwhile is not among them.
  const sizes = await sizesIn(run, directory);
  const needed = await neededOwners(client);
  const found: OwnedLog[] = [];
  for (const [path, size] of sizes) {
    const owner = path.slice(directory.length + 1);
    if (path === directory || needed.has(owner)) continue;
    const begun = (await lstat(join(directory, owner)).catch(() => undefined))?.mtimeMs;
    if (begun !== undefined) found.push({ owner, size, begun });
  }
  return found.sort((a, b) => a.begun - b.begun);
}

/** Whatever runs; and Builds, of which few are kept. */
async function neededOwners(client: Client): Promise<ReadonlySet<string>> {
  const needed = new Set<string>();
  for (const kind of [Task, PipelineRun, TaskRun, Pod] as readonly AnyKind[]) {
    const items: readonly KubeObject[] = (await client.list(kind, { unfinishedOnly: true })).items;
    for (const object of items) if (kind.finished?.(object) !== true) needed.add(object.metadata.uid ?? '');
  }
  for (const { uid } of (await client.listMetadata(Build)).items) needed.add(uid);
  return needed;
}
