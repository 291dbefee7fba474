/** While nothing can be built on this machine, Builds that wait say why. */

import type { Client } from '../client/client.ts';
import { type Clock, rfc3339 } from '../client/clock.ts';
import { reflect } from '../client/reflector.ts';
import { type ConditionDraft, happyCondition, isFinal, mergeConditions } from '../resources/condition.ts';
import { Build } from '../resources/kf/build.ts';
import { isConflict, isNotFound } from '../resources/status.ts';

interface Options {
  readonly client: Client;
  readonly clock: Clock;
  readonly reason: string;
  /** One line. */
  readonly message: string;
  readonly signal: AbortSignal;
  readonly onError: (message: string, error: unknown) => void;
}

/** Until the signal fires. */
export function explainWaitingBuilds({ client, clock, reason, message, signal, onError }: Options): void {
  const explain = async (build: Build): Promise<void> => {
    const draft: ConditionDraft = { type: 'TaskRunReady', status: 'Unknown', reason, message };
    const drafts = [draft, happyCondition('Succeeded', [draft])];
    const conditions = mergeConditions(build.status?.conditions, drafts, rfc3339(clock.now()));
    try {
      await client.updateStatus(Build, { ...build, status: { ...build.status, phase: message, conditions } });
    } catch (error) {
      // Whoever has written meanwhile knows better, or an event brings us back.
      if (!isConflict(error) && !isNotFound(error)) onError(`build ${build.metadata.name}: saying why it waits`, error);
    }
  };
  void reflect({
    client,
    kind: Build,
    list: { unfinishedOnly: true },
    clock,
    signal,
    onObject: (build, gone) => {
      if (!gone && !signal.aborted && !isFinal(build) && build.status?.phase !== message) void explain(build);
    },
    onError: (error) => onError('watching builds', error),
  });
}
