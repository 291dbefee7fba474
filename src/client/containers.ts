/** Commands in running containers, connections to them: what the API server asks of the node; wired by embedded.ts. */

import type { Duplex, Readable, Writable } from 'node:stream';
import type { ContainerState, Pod } from '../resources/core/pod.ts';
import { badRequest, type StatusError } from '../resources/status.ts';

export interface ExecRequest {
  readonly pod: Pod;
  /** Name of one of the Pod's containers. */
  readonly container: string;
  /** Not empty. */
  readonly command: readonly string[];
  /** Which of its streams the client asked for; with a terminal standard error goes to standard output. */
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** In characters. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** A command that runs in a container. Streams that were not asked for are absent. */
export interface ExecProcess {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  /** 128 and the signal's number for what a signal ended. @throws Error with the runtime's words when nothing was started */
  readonly exitCode: Promise<number>;
  /** Sets the size of its terminal; without one nothing happens. */
  resize(size: TerminalSize): void;
  /** The client has gone: SIGHUP to all of its session, two seconds later SIGKILL. */
  end(): void;
}

/** A place that is held for a command. */
export interface PreparedExec {
  /** Call it once. */
  start(): ExecProcess;
  /** Gives the place back when the command has not been started. */
  release(): void;
}

export interface Containers {
  /** @throws StatusError BadRequest (it does not run, nothing can enter it), TooManyRequests */
  prepareExec(request: ExecRequest): Promise<PreparedExec>;
  /**
   * A connection to a port in the Pod's network: of its address, or of its own localhost.
   * @throws Error of the system: nobody listens there
   */
  connect(pod: Pod, port: number): Promise<Duplex>;
}

export function stateOf({ status }: Pod, container: string): ContainerState | undefined {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return all.find(({ name }) => name === container)?.state;
}

/** What begins in the kubelet's words, and goes on with why. */
export function notRunning(pod: Pod, container: string): StatusError {
  const { terminated, waiting } = stateOf(pod, container) ?? {};
  const why =
    terminated === undefined
      ? `it waits to start (${waiting?.reason ?? pod.status?.phase ?? 'Pending'})`
      : `it has ended with exit code ${terminated.exitCode} (${terminated.reason ?? 'Completed'})`;
  return badRequest(`unable to upgrade connection: container not found (${JSON.stringify(container)}): ${why}`);
}
