import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import type { MachineRoom, RoomAnswer, RoomRequest } from '../../../src/client/machine-room.ts';
import { conditionOf } from '../../../src/resources/condition.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import type { ObjectRef } from '../../../src/resources/meta.ts';
import { clientSettings } from '../clients.ts';
import { World } from '../world.ts';

/** Grants what the test lets it. */
class Gate implements MachineRoom {
  answer: RoomAnswer = { verdict: 'later', reason: 'WaitingForRoom', message: '1 of 1 places are taken' };
  readonly asked = new Map<string, RoomRequest>();
  readonly granted = new Set<string>();
  #wake: (ref: ObjectRef) => void = () => {};

  async ask(request: RoomRequest): Promise<RoomAnswer> {
    this.asked.set(request.ref.name, request);
    if (this.answer.verdict === 'granted') this.granted.add(request.ref.name);
    return this.answer;
  }
  leave({ name }: ObjectRef): void {
    this.granted.delete(name);
    this.asked.delete(name);
  }
  onChange(wake: (ref: ObjectRef) => void): void {
    this.#wake = wake;
  }
  open(answer: RoomAnswer = { verdict: 'granted' }): void {
    this.answer = answer;
    for (const { ref } of this.asked.values()) this.#wake(ref);
  }
}

const settings = clientSettings();

describe.each(Object.keys(settings))('room on the machine over the %s client', (name) => {
  let world: World;
  let close: () => Promise<void>;
  let gate: Gate;
  const start = async () => {
    const setting = await settings[name]!();
    gate = new Gate();
    world = new World(setting.controllers(), setting.honest, systemClock, gate);
    close = setting.close;
    await world.app('app');
  };
  afterEach(async () => {
    await world.stop();
    await close();
  });
  const ref = (task: string) => ({ namespace: 'dev', name: task });
  const has = (task: string, wanted: string) =>
    world.until(Task, ref(task), (object) => conditionOf(object, 'Succeeded')?.reason === wanted);

  test('a Task that waited takes the image that is the newest when it has its turn, and runs once', async () => {
    await start();
    await world.task('app', 'late', 'exit 0');
    const waiting = await has('late', 'WaitingForRoom');
    expect(waiting.status).toMatchObject({ message: '1 of 1 places are taken' });
    expect(waiting.status?.pipelineRunName).toBeUndefined();
    expect(gate.asked.get('late')).toMatchObject({ memoryBytes: 2 ** 30, diskBytes: 2 ** 30 });
    const app = ref('app');
    await world.client.patch(App, app, { type: 'merge', body: { spec: { build: { image: 'kf.local/dev/newer' } } } });
    await world.until(App, app, ({ status }) => status?.image === 'kf.local/dev/newer');
    // A Client that lags hands the older App to the controller: the image then is of the moment that it sees.
    if (name.startsWith('hostile')) await world.idle();
    gate.open();
    const { status } = await world.final('late');
    expect(status?.conditions?.[0]?.status).toBe('True');
    if (!name.startsWith('hostile')) expect(status?.image).toBe('kf.local/dev/newer');
    expect(world.node.ran).toHaveLength(1);
    await world.idle();
    expect([...gate.granted]).toEqual([]);
  });

  test('who cannot use what was granted gives it back; who can never have it is refused', async () => {
    await start();
    await world.task('app', 'ended', 'exit 0');
    await has('ended', 'WaitingForRoom');
    await world.client.patch(Task, ref('ended'), { type: 'merge', body: { spec: { terminated: true } } });
    expect(conditionOf(await world.final('ended'), 'Succeeded')?.reason).toBe('TaskRunCancelled');
    await world.task('app', 'huge', 'exit 0');
    await has('huge', 'WaitingForRoom');
    gate.open({ verdict: 'never', message: 'needs 900Gi' });
    expect(conditionOf(await world.final('huge'), 'Succeeded')).toMatchObject({ reason: 'NeverFits' });
    await world.idle();
    expect([...gate.asked.keys()]).toEqual([]);
    expect(world.node.ran).toEqual([]);
  });
});
