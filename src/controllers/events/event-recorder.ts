/** Tells by Events what happens to objects: looks at each state that goes by, and has what is news written. */

import { setMaxListeners } from 'node:events';
import type { AnyKind } from '../../client/client.ts';
import type { Clock, Timer } from '../../client/clock.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { reflect } from '../../client/reflector.ts';
import { Node } from '../../resources/core/kinds.ts';
import { Pod } from '../../resources/core/pod.ts';
import { Build } from '../../resources/kf/build.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { ObjectOf } from '../../resources/kind.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { EventWriter } from './event-writer.ts';
import type { Occurrence } from './occurrence.ts';
import { occurrencesOfBuild, occurrencesOfJob, occurrencesOfNode, occurrencesOfTask } from './of-kf.ts';
import { occurrencesOfPod } from './of-pod.ts';
import { occurrencesOfRun } from './of-run.ts';

/** Objects of which it is remembered what was told; of one that is forgotten it is told again, under the same name. */
const mostKnown = 10_000;
/** How many finished objects are remembered: hardly anything happens to them any more. */
const mostEnded = 100;

export function startEventRecorder(options: ControllerContext): { stop(): Promise<void> } {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const recorder = new EventRecorder(options);
  const { client, clock, onError } = options;
  const watch = <K extends AnyKind>(kind: K, look: (object: ObjectOf<K>) => readonly Occurrence[]): void => {
    void reflect({
      client,
      kind,
      list: { unfinishedOnly: true },
      clock,
      signal: abort.signal,
      onObject: (object, gone) => {
        recorder.observe(object, gone ? [] : look(object), gone);
        if (!gone && kind.finished?.(object) === true) recorder.ended(object);
      },
      onError: (error) => onError?.(`events: watching ${kind.plural}`, error),
    });
  };
  watch(Pod, occurrencesOfPod);
  watch(PipelineRun, occurrencesOfRun);
  watch(TaskRun, occurrencesOfRun);
  watch(Task, occurrencesOfTask);
  watch(Build, occurrencesOfBuild);
  watch(TaskSchedule, (job) => occurrencesOfJob(job, clock.now()));
  watch(Node, occurrencesOfNode);
  return {
    async stop() {
      abort.abort();
      await recorder.stop();
    },
  };
}

class EventRecorder {
  readonly #clock: Clock;
  readonly #writer: EventWriter;
  /** By uid: what was told, or waits to be. */
  readonly #known = new Map<string, Map<string, Timer | 'told'>>();
  /** Uids of objects that have ended, the latest last. */
  readonly #ended = new Set<string>();

  constructor(options: ControllerContext) {
    this.#clock = options.clock;
    this.#writer = new EventWriter(options);
  }

  /** @param occurrences all that its present state tells */
  observe(object: KubeObject, occurrences: readonly Occurrence[], gone = false): void {
    const uid = object.metadata.uid ?? '';
    const known = this.#known.get(uid);
    // Most objects pass without a word.
    if (known === undefined && occurrences.length === 0) return;
    const told = known ?? this.#remember(uid);
    const now = new Set(occurrences.map(idOf));
    for (const [id, timer] of told)
      if (timer !== 'told' && !now.has(id)) {
        timer.cancel();
        told.delete(id);
      }
    for (const occurrence of occurrences) {
      const id = idOf(occurrence);
      if (told.has(id)) continue;
      if (occurrence.holds === undefined) this.#tell(object, occurrence, told, id);
      else
        told.set(
          id,
          this.#clock.after(occurrence.holds, () => this.#tell(object, occurrence, told, id)),
        );
    }
    if (gone || told.size === 0) this.#forget(uid);
  }

  /** What was told of it will not be needed for long. */
  ended({ metadata: { uid = '' } }: KubeObject): void {
    if (!this.#known.has(uid)) return;
    this.#ended.add(uid);
    const [oldest = ''] = this.#ended;
    if (this.#ended.size > mostEnded) this.#forget(oldest);
  }

  async stop(): Promise<void> {
    for (const told of this.#known.values()) for (const timer of told.values()) if (timer !== 'told') timer.cancel();
    this.#known.clear();
    await this.#writer.stop();
  }

  #tell(object: KubeObject, occurrence: Occurrence, told: Map<string, Timer | 'told'>, id: string): void {
    told.set(id, 'told');
    this.#writer.add(object, occurrence);
  }

  #remember(uid: string): Map<string, Timer | 'told'> {
    const told = new Map<string, Timer | 'told'>();
    this.#known.set(uid, told);
    const [oldest = ''] = this.#known.keys();
    if (this.#known.size > mostKnown) this.#forget(oldest);
    return told;
  }

  #forget(uid: string): void {
    for (const timer of this.#known.get(uid)?.values() ?? []) if (timer !== 'told') timer.cancel();
    this.#known.delete(uid);
    this.#ended.delete(uid);
  }
}

const idOf = ({ reason, fieldPath = '', key }: Occurrence): string => `${reason} ${fieldPath} ${key}`;
