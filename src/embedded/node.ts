/** Wires the node agent and the builds. They come up in the background: the API answers meanwhile, Pods wait. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pause, systemClock } from '../client/clock.ts';
import type { MachineRoom } from '../client/machine-room.ts';
import { roomWithin } from '../node/agent-options.ts';
import { deferred } from '../node/deferred.ts';
import { checkLogFile } from '../node/forward/allowed-file.ts';
import { LogForwarder } from '../node/forward/log-forwarder.ts';
import { layoutOf } from '../node/layout.ts';
import { LogStore } from '../node/logs/log-store.ts';
import { bringUp, type NodeOptions } from './bring-up.ts';
import { type NodeApi, nodeApi } from './node-api.ts';
import { type NodeParts, takeDown } from './node-parts.ts';
import { nodeLimits, reserveOf } from './node-settings.ts';
import { NodeState } from './node-state.ts';
import { RoomRequests } from './room-requests.ts';
import { loadServerConfig } from './server-config.ts';

export interface RunningNode extends NodeApi {
  readonly logs: LogStore;
  readonly room: MachineRoom;
  /** Lets go of everything; what runs goes on running. */
  stop(): Promise<void>;
}

/** Resolves at once: what the machine lacks is told while Pods wait. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { home } = options;
  const layout = layoutOf(home.dataDir, home.runDir, home.instance);
  await mkdir(layout.logs, { recursive: true });
  const logs = new LogStore(layout.logs);
  await logs.open();
  const forwarder = new LogForwarder({
    client: options.client,
    clock: systemClock,
    logs: layout.logs,
    directory: join(home.dataDir, 'log-sinks'),
    deleteLog: (uid) => logs.delete(uid),
    checkFile: async (path) =>
      checkLogFile(path, {
        allowed: (await loadServerConfig(home.dataDir)).hostPaths,
        own: [home.dataDir, home.runDir],
      }),
    onError: options.log,
  });
  forwarder.start();
  const parts: NodeParts = {};
  const stopping = new AbortController();
  const { client, config, version, log } = options;
  const roomRequests = new RoomRequests();
  const room = {
    ...roomWithin(nodeLimits(config)),
    dataDir: home.dataDir,
    labels: config.nodeLabels,
    ...reserveOf(config),
  };
  const state = new NodeState({ client, room, roomRequests, version, log });
  const tried = deferred();
  const started = untilUp(
    () => bringUp(options, layout, { logs, forwarder }, parts, state).finally(() => tried.resolve()),
    options,
    parts,
    state,
    stopping.signal,
  );
  return {
    logs,
    ...nodeApi(parts, tried.promise),
    room: roomRequests,
    async stop() {
      stopping.abort();
      await started;
      state.comingUp();
      await takeDown(parts, takingDown(options));
      await forwarder.stop();
    },
  };
}

/** Tries for as long as it takes: what is missing may be mended while Pods wait. */
async function untilUp(
  bringUp: () => Promise<void>,
  options: NodeOptions,
  parts: NodeParts,
  state: NodeState,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    try {
      return await bringUp();
    } catch (error) {
      await takeDown(parts, takingDown(options));
      await state.failed(error);
    }
    await pause(systemClock, retryDelay, stopping);
  }
}

/** Milliseconds between attempts to bring the node up. */
const retryDelay = 3000;

const takingDown = ({ client, home, log }: NodeOptions) => ({ client, instance: home.instance, log });
