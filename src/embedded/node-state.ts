/** Tells everyone whether this machine can run Pods, and if not, why: its Node says so, and every Pod that waits. */

import { explainWaitingBuilds } from '../build/unready-builds.ts';
import type { Client } from '../client/client.ts';
import { rfc3339, systemClock } from '../client/clock.ts';
import type { MachineRoom } from '../client/machine-room.ts';
import { type NodeRoom, reportNode } from '../node/node-object.ts';
import { ProgramsMissing } from '../node/runtime/find-programs.ts';
import { explainWaiting, notReady } from '../node/scheduling/unready.ts';
import { errorMessage } from '../resources/errors.ts';
import type { RoomRequests } from './room-requests.ts';

interface Options {
  readonly client: Client;
  readonly room: NodeRoom;
  readonly roomRequests: RoomRequests;
  readonly version: string;
  readonly log: (message: string, error?: unknown) => void;
}

export class NodeState {
  readonly #options: Options;
  #told: { readonly message: string; readonly stop: AbortController } | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** To be called before anything is run: Pods are told nothing more. */
  comingUp(): void {
    this.#told?.stop.abort();
    this.#told = undefined;
    this.#options.roomRequests.close();
  }

  async ready(room: MachineRoom, address: string, runtime: string): Promise<void> {
    this.#options.roomRequests.open(room);
    await this.#report({ ready: true, address, runtime });
  }

  async failed(error: unknown): Promise<void> {
    const message = reasonOf(error);
    if (this.#told?.message === message) return;
    this.#options.log('the node cannot run tasks yet, see kf doctor; it is tried again', error);
    this.comingUp();
    const stop = new AbortController();
    this.#told = { message, stop };
    const { client, roomRequests, log } = this.#options;
    roomRequests.close(message);
    const options = { client, clock: systemClock, message, signal: stop.signal, onError: log };
    explainWaiting(options);
    explainWaitingBuilds({ ...options, reason: notReady });
    await this.#report({ ready: false, reason: notReady, message });
  }

  async #report(readiness: Parameters<typeof reportNode>[2]): Promise<void> {
    const { client, room, version, log } = this.#options;
    await reportNode(client, room, readiness, version, rfc3339(systemClock.now())).catch((error: unknown) =>
      log('reporting the node', error),
    );
  }
}

/** One line, with the way out. */
function reasonOf(error: unknown): string {
  if (error instanceof ProgramsMissing) {
    const { packages } = error;
    const [verb, them] = packages.length === 1 ? ['is', 'it'] : ['are', 'them'];
    return `${packages.join(', ')} ${verb} missing on this machine; kf doctor --fix installs ${them}`;
  }
  const text = errorMessage(error);
  return `this machine cannot run tasks yet: ${text.trim().split('\n')[0]}; see kf doctor`;
}
