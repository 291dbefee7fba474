/** Every controller of the main job over one Client, with a fake node; and waiting for what they bring about. */

import type { AnyKind, Client } from '../../src/client/client.ts';
import { type Clock, systemClock } from '../../src/client/clock.ts';
import { KeyedMutex } from '../../src/client/keyed-mutex.ts';
import type { MachineRoom } from '../../src/client/machine-room.ts';
import { startAppController } from '../../src/controllers/app/app-controller.ts';
import { startServiceInstanceBindingController } from '../../src/controllers/service/service-instance-binding-controller.ts';
import { startServiceInstanceController } from '../../src/controllers/service/service-instance-controller.ts';
import { startSpaceController } from '../../src/controllers/space/space-controller.ts';
import { startTaskController } from '../../src/controllers/task/task-controller.ts';
import { isFinal } from '../../src/resources/condition.ts';
import { App } from '../../src/resources/kf/app.ts';
import { Space } from '../../src/resources/kf/space.ts';
import { Task } from '../../src/resources/kf/task.ts';
import type { ObjectOf } from '../../src/resources/kind.ts';
import type { ObjectRef } from '../../src/resources/meta.ts';
import { startPipelineRunController } from '../../src/tekton/pipeline-run/pipeline-run-controller.ts';
import { startTaskRunController } from '../../src/tekton/task-run/task-run-controller.ts';
import { startFakeNode } from '../support/fake-node.ts';
import { untilObject } from './until.ts';

export class World {
  readonly #controllers;
  readonly node;

  /**
   * @param controllers the Client that the controllers get, which may lie, lag and fail
   * @param client an honest one, for the test and the node
   * @param machine who is asked for room on the machine; default: nobody
   */
  constructor(
    controllers: Client,
    readonly client: Client,
    clock: Clock = systemClock,
    machine?: MachineRoom,
  ) {
    const options = { client: controllers, clock, mutex: new KeyedMutex() };
    this.node = startFakeNode(client);
    this.#controllers = [
      startSpaceController(options),
      startAppController(options),
      startServiceInstanceController(options),
      startServiceInstanceBindingController(options),
      startTaskController({ ...options, machine }),
      startPipelineRunController(options),
      startTaskRunController(options),
      this.node,
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.#controllers.map((controller) => controller.stop()));
  }

  /** Resolves when no controller has anything to do at this moment. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      // Events are handed on in turns of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(this.#controllers.map((controller) => controller.idle()));
    }
  }

  /** A Space and an App in it whose image is there. */
  async app(name: string, image = 'kf.local/stack/host'): Promise<App> {
    await this.client.create(Space, { metadata: { name: 'dev' }, spec: {} }).catch(() => undefined);
    await this.until(Space, { name: 'dev' }, (space) => isFinal(space));
    const build = image === '' ? {} : { image };
    await this.client.create(App, {
      metadata: { name, namespace: 'dev' },
      spec: { build, template: { spec: { containers: [{}] } }, instances: { stopped: true } },
    });
    return this.until(App, { namespace: 'dev', name }, (app) => app.status?.conditions !== undefined);
  }

  async task(app: string, name: string, command: string): Promise<Task> {
    return this.client.create(Task, { metadata: { name, namespace: 'dev' }, spec: { appRef: { name: app }, command } });
  }

  final(name: string): Promise<Task> {
    return this.until(Task, { namespace: 'dev', name }, isFinal);
  }

  until<K extends AnyKind>(kind: K, ref: ObjectRef, accepts: (object: ObjectOf<K>) => boolean): Promise<ObjectOf<K>> {
    return untilObject(this.client, kind, ref, accepts);
  }

  async untilGone(kind: AnyKind, ref: ObjectRef): Promise<void> {
    const abort = new AbortController();
    const options = {
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      fieldSelector: `metadata.name=${ref.name}`,
      signal: abort.signal,
    };
    const { items, resourceVersion } = await this.client.list(kind, options);
    if (items.length === 0) return;
    for await (const { type } of this.client.watch(kind, { ...options, resourceVersion }))
      if (type === 'DELETED') {
        abort.abort();
        return;
      }
  }
}
