/** Removes logs with the objects that own them: Tasks, Builds, and Pods that belong to neither. */

import type { AnyKind, Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { Pod } from '../../resources/core/pod.ts';
import { Build } from '../../resources/kf/build.ts';
import { Task } from '../../resources/kf/task.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { isExpired } from '../../resources/status.ts';
import type { LogStore } from './log-store.ts';

export interface LogJanitorOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logs: LogStore;
  readonly signal: AbortSignal;
  readonly onError: (message: string, error: unknown) => void;
}

const owners: readonly AnyKind[] = [Task, Build, Pod];

/** Milliseconds after the start until what was missed while no server ran is looked for; it reads every object once. */
const sweepDelay = 60_000;
const retryDelay = 1000;

/** Works until the signal fires. */
export function startLogJanitor(options: LogJanitorOptions): void {
  const { clock, signal, onError } = options;
  for (const kind of owners) void watchDeletions(kind, options);
  const timer = clock.after(sweepDelay, () => {
    sweepLogs(options).catch((error: unknown) => onError('removing logs without an owner', error));
  });
  signal.addEventListener('abort', () => timer.cancel(), { once: true });
}

/** Removes the logs of owners that do not exist. */
export async function sweepLogs({ client, logs }: Pick<LogJanitorOptions, 'client' | 'logs'>): Promise<void> {
  // Read first: whatever appears after this is not looked at.
  const present = await logs.owners();
  const alive = new Set<string>();
  for (const kind of owners)
    for (const { metadata } of (await client.list(kind)).items as readonly KubeObject[]) alive.add(metadata.uid ?? '');
  const before = new Set(present);
  await logs.sweep((owner) => !before.has(owner) || alive.has(owner));
}

async function watchDeletions(
  kind: AnyKind,
  { client, clock, logs, signal, onError }: LogJanitorOptions,
): Promise<void> {
  while (!signal.aborted) {
    try {
      let { resourceVersion } = await client.list(kind, { unfinishedOnly: true });
      while (!signal.aborted) {
        for await (const { type, object } of client.watch(kind, { resourceVersion, signal })) {
          const { metadata } = object as KubeObject;
          resourceVersion = metadata.resourceVersion ?? resourceVersion;
          if (type === 'DELETED' && metadata.uid !== undefined) await logs.delete(metadata.uid);
        }
        await pause(clock);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isExpired(error)) onError(`watching ${kind.plural} for their logs`, error);
      await pause(clock);
    }
  }
}

/** A server that ends every watch at once must not be asked in a tight loop. */
const pause = (clock: Clock): Promise<void> => new Promise((resolve) => clock.after(retryDelay, resolve));
