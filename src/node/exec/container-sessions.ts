/** Commands in containers as the API server asks for them: who may begin one, and how many there are at a time. */

import type { Duplex } from 'node:stream';
import { type Containers, type ExecRequest, notRunning, type PreparedExec } from '../../client/containers.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { badRequest, statusError } from '../../resources/status.ts';
import type { NodeContext } from '../context.ts';
import { isInChroot } from '../host/chroot.ts';
import { type RunningContainer, runningContainers } from '../pods/containers/running-container.ts';
import { type ExecContext, RuntimeExecProcess } from './exec-process.ts';
import { connectTo } from './pod-connection.ts';

/** Commands at a time: each has a runtime of some 15 MB beside it. */
const most = 32;

export class ContainerSessions implements Containers {
  readonly #context: ExecContext & Pick<NodeContext, 'layout' | 'stopping'>;
  /** Places that are taken. */
  readonly #places = new Set<object>();
  readonly #processes = new Set<RuntimeExecProcess>();
  #chroot: Promise<boolean> | undefined;

  constructor(context: ExecContext & Pick<NodeContext, 'layout' | 'stopping'>) {
    this.#context = context;
  }

  async prepareExec(request: ExecRequest): Promise<PreparedExec> {
    this.#find(request);
    this.#chroot ??= isInChroot().catch(() => false);
    if (await this.#chroot) throw badRequest(outOfReach);
    const container = this.#find(request);
    if (this.#places.size >= most)
      throw statusError('TooManyRequests', `${most} commands run in containers already: wait until one has ended`, {
        retryAfterSeconds: 1,
      });
    const place = {};
    this.#places.add(place);
    const release = (): void => void this.#places.delete(place);
    return { release, start: () => this.#start(container, request) };
  }

  /** Ends all that runs: nobody is there for it any more. */
  async close(): Promise<void> {
    await Promise.all([...this.#processes].map((process) => process.kill()));
  }

  #start(container: RunningContainer, request: ExecRequest): RuntimeExecProcess {
    const process = new RuntimeExecProcess(this.#context, container, request);
    this.#processes.add(process);
    const over = (): void => void this.#processes.delete(process);
    process.exitCode.then(over, over);
    return process;
  }

  connect(pod: Pod, port: number): Promise<Duplex> {
    return connectTo(this.#context, pod, port);
  }

  #find({ pod, container }: ExecRequest): RunningContainer {
    const running = runningContainers(this.#context.layout, pod.metadata.uid!).find(({ name }) => name === container);
    if (running !== undefined) return running;
    throw notRunning(pod, container);
  }
}

const outOfReach =
  'the server runs in a chroot, from which no command can be run in a container: start the server outside of the chroot';
