/** Writes what is known of a Build into its status. */

import type { Client } from '../client/client.ts';
import { type Clock, rfc3339 } from '../client/clock.ts';
import { writeStatus } from '../client/status-writer.ts';
import { type ConditionDraft, conditionOf, happyCondition, mergeConditions } from '../resources/condition.ts';
import { formatDuration } from '../resources/duration.ts';
import { Build } from '../resources/kf/build.ts';
import type { TaskRun } from '../resources/tekton/task-run.ts';

type BuildStatus = NonNullable<Build['status']>;

const sourceReady: ConditionDraft = { type: 'SourcePackageReady', status: 'True' };

export class BuildReports {
  readonly #client: Client;
  readonly #clock: Clock;

  constructor({ client, clock }: { readonly client: Client; readonly clock: Clock }) {
    this.#client = client;
    this.#clock = clock;
  }

  uploading(build: Build): Promise<void> {
    return this.#report(build, [
      { type: 'SourcePackageReady', status: 'Unknown', reason: 'initializing', message: 'Upload in progress' },
    ]);
  }

  /** @param phase one line about what goes on; default: none */
  progress(build: Build, reason: string, message: string, phase?: string): Promise<void> {
    const draft: ConditionDraft = { type: 'TaskRunReady', status: 'Unknown', reason, message };
    return this.#report(build, [sourceReady, draft], {
      buildName: build.metadata.name,
      ...(phase === undefined ? {} : { phase }),
    });
  }

  /** What its TaskRun says of itself. @param phase once it runs */
  running(build: Build, run: TaskRun | undefined, phase?: string): Promise<void> {
    const { reason = 'initializing', message = 'Build in progress' } =
      (run === undefined ? undefined : conditionOf(run, 'Succeeded')) ?? {};
    // A message of a Pod that waits begins with the reason.
    const awaited = reason === 'Pending' ? /^\w+: (.+)/s.exec(message)?.[1] : undefined;
    const said = awaited === undefined ? undefined : `Waiting: ${awaited}`;
    return this.progress(build, reason, message, reason === 'Running' ? phase : said);
  }

  fail(build: Build, reason: string, message: string): Promise<void> {
    return this.#report(build, [{ type: 'TaskRunReady', status: 'False', reason, message }]);
  }

  /** The TaskRun has failed. @param why where more can be said than the TaskRun does */
  runFailed(build: Build, run: TaskRun, why?: string): Promise<void> {
    const { name, namespace } = build.metadata;
    const condition = conditionOf(run, 'Succeeded');
    if (condition?.reason === 'TaskRunTimeout')
      return this.fail(build, 'BuildTimeout', `the build did not end within ${run.spec.timeout} (build.timeout)`);
    const message = why ?? condition?.message ?? condition?.reason;
    return this.fail(build, 'BuildFailed', `${message}; see: kf build-logs ${name} --space ${namespace}`);
  }

  succeed(build: Build, fields: Pick<BuildStatus, 'image' | 'stack' | 'startCommand'>): Promise<void> {
    return this.#report(build, [sourceReady, { type: 'TaskRunReady', status: 'True' }], fields);
  }

  async #report(build: Build, drafts: readonly ConditionDraft[], fields: Partial<BuildStatus> = {}): Promise<void> {
    const now = rfc3339(this.#clock.now());
    const happy = happyCondition('Succeeded', drafts);
    const startTime = build.status?.startTime ?? now;
    await writeStatus(this.#client, Build, build, {
      ...build.status,
      phase: undefined,
      ...fields,
      startTime,
      ...(happy.status === 'Unknown'
        ? {}
        : { completionTime: now, duration: formatDuration(Date.parse(now) - Date.parse(startTime)) }),
      observedGeneration: build.metadata.generation,
      conditions: mergeConditions(build.status?.conditions, [...drafts, happy], now),
    });
  }
}
