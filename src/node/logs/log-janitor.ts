/**
 * Removes logs with the objects that own them: Tasks, Builds, Tekton's runs, and Pods that belong to none. It keeps on file how far
 * it has come, so that what is deleted just before the server ends, however it ends, is not forgotten.
 */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyKind, Client } from '../../client/client.ts';
import { type Clock, pause } from '../../client/clock.ts';
import { Pod } from '../../resources/core/pod.ts';
import { Build } from '../../resources/kf/build.ts';
import { Task } from '../../resources/kf/task.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { isExpired } from '../../resources/status.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import type { LogStore } from './log-store.ts';

export interface LogJanitorOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logs: LogStore;
  /** Whether somebody else removes the log of this deleted object, later. Default: nobody. */
  readonly keeps?: (object: KubeObject) => Promise<boolean>;
  /** Holds the file `log-janitor.json`. */
  readonly dataDir: string;
  readonly signal: AbortSignal;
  readonly onError: (message: string, error: unknown) => void;
}

const owners: readonly AnyKind[] = [Task, Build, PipelineRun, TaskRun, Pod];

/** Milliseconds between two writes of the file; a server keeps deletions for minutes. */
const saveInterval = 30_000;
const retryDelay = 1000;

/** Works until the signal fires. */
export function startLogJanitor(options: LogJanitorOptions): void {
  const janitor = new LogJanitor(options);
  for (const kind of owners) void janitor.watch(kind);
  janitor.saveRegularly();
}

class LogJanitor {
  readonly #options: LogJanitorOptions;
  readonly #file: string;
  /** Resource versions that have been dealt with, by kind. */
  readonly #revisions: Map<string, string>;
  #saved: string;

  constructor(options: LogJanitorOptions) {
    this.#options = options;
    this.#file = join(options.dataDir, 'log-janitor.json');
    this.#saved = readText(this.#file);
    this.#revisions = new Map(Object.entries(parse(this.#saved)));
    options.signal.addEventListener('abort', () => this.#save(), { once: true });
  }

  async watch(kind: AnyKind): Promise<void> {
    const { client, clock, signal, onError } = this.#options;
    while (!signal.aborted) {
      try {
        if (!this.#revisions.has(kind.kind)) {
          const { resourceVersion } = await client.list(kind, { unfinishedOnly: true });
          this.#revisions.set(kind.kind, resourceVersion);
        }
        await this.#follow(kind);
      } catch (error) {
        if (signal.aborted) return;
        // Too long ago: logs of what was deleted since stay until a prune removes them.
        if (isExpired(error)) this.#revisions.delete(kind.kind);
        else onError(`watching ${kind.plural} for their logs`, error);
      }
      // A server that ends every watch at once must not be asked in a tight loop.
      await pause(clock, retryDelay, signal);
    }
  }

  async #follow(kind: AnyKind): Promise<void> {
    const { client, signal, logs, keeps } = this.#options;
    const resourceVersion = this.#revisions.get(kind.kind)!;
    for await (const { type, object } of client.watch(kind, { resourceVersion, signal })) {
      const { metadata } = object as KubeObject;
      if (type === 'DELETED' && metadata.uid !== undefined && !(await keeps?.(object as KubeObject)))
        await logs.delete(metadata.uid);
      if (metadata.resourceVersion !== undefined) this.#revisions.set(kind.kind, metadata.resourceVersion);
    }
  }

  saveRegularly(): void {
    const { clock, signal } = this.#options;
    clock.after(saveInterval, () => {
      if (signal.aborted) return;
      this.#save();
      this.saveRegularly();
    });
  }

  #save(): void {
    const text = JSON.stringify(Object.fromEntries(this.#revisions));
    if (text === this.#saved) return;
    try {
      writeFileSync(`${this.#file}.tmp`, text);
      renameSync(`${this.#file}.tmp`, this.#file);
      this.#saved = text;
    } catch (error) {
      this.#options.onError('keeping the log janitor’s place', error);
    }
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '{}';
  }
}

function parse(text: string): Record<string, string> {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return {};
  }
}

/** Owners of logs that do not exist any more. */
export async function unownedLogs({
  client,
  logs,
}: Pick<LogJanitorOptions, 'client' | 'logs'>): Promise<readonly string[]> {
  // Read first: whatever appears after this is not looked at.
  const present = await logs.owners();
  const alive = new Set<string>();
  for (const kind of owners) for (const { uid } of (await client.listMetadata(kind)).items) alive.add(uid);
  return present.filter((owner) => !alive.has(owner));
}
