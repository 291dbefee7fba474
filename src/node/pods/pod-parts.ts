/** What the parts of one Pod's worker share. */

import type { Container, Pod } from '../../resources/core/pod.ts';
import type { StartOrder } from '../../resources/core/start-order.ts';
import type { NodeContext } from '../context.ts';
import type { ContainerRun, StopReason } from './containers/container-run.ts';
import type { PodProcesses } from './containers/pod-processes.ts';
import type { PodJournal } from './recovery/pod-journal.ts';
import type { PodPlace } from './sandbox/pod-place.ts';
import type { PodReporter } from './status/pod-reporter.ts';

/** The agent stops: what runs goes on without us. */
export class Detached extends Error {}

/** The Pod is being stopped. */
export interface Stopping {
  readonly reason: StopReason;
  /** Seconds. */
  readonly grace: number;
  /** When that is over; milliseconds since the epoch. */
  readonly until: number;
}

export interface PodParts {
  readonly context: NodeContext;
  readonly order: StartOrder;
  readonly containers: ReadonlyMap<string, Container>;
  readonly runs: Map<string, ContainerRun>;
  /** The image, by digest, of each container that this server has made. */
  readonly imageIds: Map<string, string>;
  readonly place: PodPlace;
  readonly journal: PodJournal;
  readonly processes: PodProcesses;
  readonly reporter: PodReporter;
  /** The object as last seen. */
  pod(): Pod;
  /** Undefined until the container is to stop: with the Pod, or as a sidecar that nobody needs any more. */
  stopOf(name: string): Stopping | undefined;
  /** Resolves when the intent to start is on disk. */
  claimed(): Promise<void>;
  /** A container has ended: others may start, or the Pod be over. */
  advance(): void;
  /** Starts one again that has ended. */
  restart(name: string): void;
  /** Ends the worker's own work: Detached, PodGone. */
  abandon(error: Error): void;
  /** The Pod has run for as long as it may. @param graceSeconds for its containers to end */
  deadlineExceeded(graceSeconds: number): void;
}
