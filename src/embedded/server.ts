/** The whole platform in one process: wires store, API, controllers, builds and the node agent. */

import type { Caller } from '../apiserver/api.ts';
import { InProcessClient } from '../apiserver/in-process-client.ts';
import { LocalApi } from '../apiserver/local-api.ts';
import { SourceStore } from '../build/source-store.ts';
import type { Client } from '../client/client.ts';
import { systemClock } from '../client/clock.ts';
import type { RunningController } from '../client/controller.ts';
import { KeyedMutex } from '../client/keyed-mutex.ts';
import type { MachineRoom } from '../client/machine-room.ts';
import { startAppController } from '../controllers/app/app-controller.ts';
import { startEventRecorder } from '../controllers/events/event-recorder.ts';
import { startJobEventsController } from '../controllers/notify/job-events-controller.ts';
import { type ReadLogEnd, startNotificationController } from '../controllers/notify/notification-controller.ts';
import { startEventExpiry } from '../controllers/retention/event-expiry.ts';
import { startRetentionController } from '../controllers/retention/retention-controller.ts';
import { startServiceInstanceBindingController } from '../controllers/service/service-instance-binding-controller.ts';
import { startServiceInstanceController } from '../controllers/service/service-instance-controller.ts';
import { startDefaultServiceAccountController } from '../controllers/space/default-service-account.ts';
import { startSpaceController } from '../controllers/space/space-controller.ts';
import { startTaskController } from '../controllers/task/task-controller.ts';
import { startTaskScheduleController } from '../controllers/task-schedule/task-schedule-controller.ts';
import { allKinds } from '../resources/all-kinds.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';
import { type RunDefaults, withRunDefaults } from '../resources/tekton/defaults/configured.ts';
import { refusedBySettings } from '../resources/tekton/settings-rules.ts';
import { startPipelineRunController } from '../tekton/pipeline-run/pipeline-run-controller.ts';
import type { BundleImages } from '../tekton/resolvers/bundle-images.ts';
import { startTaskRunController } from '../tekton/task-run/task-run-controller.ts';
import { openApiEndpoint } from './api-endpoint.ts';
import { makeDefaultObjects } from './default-objects.ts';
import type { Home } from './home.ts';
import { startMemoryRelease } from './idle-memory.ts';
import { startNode } from './node.ts';
import { reserveOf } from './node-settings.ts';
import { startResolution } from './resolution.ts';
import { pipelineRunSettings, runDefaults } from './run-defaults.ts';
import { publishTektonInfo } from './tekton-info.ts';

export interface ServerOptions {
  readonly home: Home;
  readonly version: string;
  readonly config: ServerConfig;
  /** Milliseconds added to every flush of the store, for benchmarks. */
  readonly flushDelayMs?: number;
  /** One line for the server's log. */
  readonly log: (message: string, error?: unknown) => void;
}

export interface RunningServer {
  readonly url: string;
  /** Ends cleanly; tasks go on running. */
  stop(): Promise<void>;
}

const controllersCaller: Caller = { user: 'system:kf-controllers', groups: ['system:masters'] };

/** @throws Error with one clear line: the data directory is in use, the port is taken, a program is missing */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { home, config, log } = options;
  const defaults = runDefaults(config);
  const api = new LocalApi({
    directory: home.dataDir,
    kinds: allKinds,
    fillIn: (kind, object) => withRunDefaults(kind, object, defaults),
    admit: (kind, object, old) => refusedBySettings(kind, object, old, defaults),
    cacheBytes: config['store.cache'],
    logRevisions: config['store.watchRevisions'],
    logMilliseconds: config['store.watchDuration'],
    onError: (error) => log('garbage collector', error),
    ...(options.flushDelayMs === undefined ? {} : { flushDelayMs: options.flushDelayMs }),
  });
  // Before anything is done to the machine or to objects: a start that is refused leaves no trace.
  const { dataDir } = home;
  const front = await openApiEndpoint({ dataDir, version: options.version, port: config.port, log }).catch(
    async (error) => {
      await api.close();
      throw error;
    },
  );
  const client = new InProcessClient({ api, caller: controllersCaller, acknowledge: 'early' });
  const sources = new SourceStore(home.dataDir, reserveOf(config).reserveBytes);
  const told = publishTektonInfo(client, options.version, defaults).catch((error: unknown) =>
    log('ConfigMaps of Tekton', error),
  );
  await Promise.all([makeDefaultObjects(client), sources.start(), told]);
  const node = await startNode({
    home,
    client,
    barrier: () => api.barrier(),
    sources,
    config,
    version: options.version,
    log,
  });
  const controllers = startControllers(client, {
    log,
    readLog: ({ uid }, options) => node.logs.read({ owner: uid, ...options }),
    userAgent: `kf-tasks/${options.version}`,
    machine: node.room,
    dataDir,
    instance: home.instance,
    bundles: node.bundles,
    defaults,
  });
  const memory = startMemoryRelease(systemClock, api.store);
  const stopInner = async (): Promise<void> => {
    memory.stop();
    try {
      await Promise.all(controllers.map((controller) => controller.stop()));
      await node.stop();
    } finally {
      // Whatever fails, what was written is flushed.
      await api.close();
    }
  };
  await front.serve(
    {
      api,
      logs: node.logs,
      files: node.files,
      containers: node.containers,
      disk: node.disk,
      usage: node.usage,
      sources,
    },
    client,
  );
  return {
    url: front.url,
    async stop() {
      await front.close();
      await stopInner();
    },
  };
}

interface ControllerDependencies {
  readonly log: ServerOptions['log'];
  readonly readLog: ReadLogEnd;
  readonly userAgent: string;
  readonly machine: MachineRoom;
  readonly dataDir: string;
  readonly instance: string;
  readonly bundles: BundleImages;
  readonly defaults: RunDefaults;
}

function startControllers(
  client: Client,
  { log, readLog, userAgent, machine, dataDir, instance, bundles, defaults }: ControllerDependencies,
): readonly Pick<RunningController, 'stop'>[] {
  const options = { client, clock: systemClock, onError: log, mutex: new KeyedMutex() };
  return [
    startSpaceController(options),
    startDefaultServiceAccountController(options),
    startAppController(options),
    startServiceInstanceController(options),
    startServiceInstanceBindingController(options),
    startTaskController({ ...options, machine }),
    startTaskScheduleController(options),
    startJobEventsController(options),
    startNotificationController({ ...options, readLog, userAgent }),
    startEventRecorder(options),
    startEventExpiry(options),
    startRetentionController(options),
    startPipelineRunController({ ...options, settings: pipelineRunSettings(defaults) }),
    startTaskRunController({ ...options, podDefaults: defaults }),
    startResolution({ client, dataDir, instance, bundles, log }),
  ];
}
