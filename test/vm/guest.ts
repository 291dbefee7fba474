/** kf in the virtual machine. */

import { setTimeout as delay } from 'node:timers/promises';
import type { MachineState } from '../support/machine-state.ts';
import type { Machine } from './machine.ts';
import type { RuntimeName } from './options.ts';

export const dataDir = '/var/lib/kf';
export const program = '/opt/kf-tasks';
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export interface TaskView {
  readonly status?: string;
  readonly reason?: string;
  readonly exitCode?: number;
  readonly started: boolean;
}

interface TaskObject {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly startTime?: string;
    readonly exitCode?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

export class Guest {
  constructor(
    readonly machine: Machine,
    readonly runtime: RuntimeName,
  ) {}

  /** Standard output of `kf WORDS…`, as root. @throws Error when it fails */
  kf(...words: readonly string[]): Promise<string> {
    return this.machine.ok(`kf ${words.map(quote).join(' ')}`);
  }

  /** Pushes an app that any command can be run in. */
  async push(app: string): Promise<void> {
    await this.machine.ok(`mkdir -p /root/${app} && echo exit 0 >/root/${app}/run.sh`);
    await this.kf('push', app, '--task', '-p', `/root/${app}`);
  }

  /** The new Task's name. */
  async startTask(app: string, script: string, ...flags: readonly string[]): Promise<string> {
    const name = await this.kf('run-task', app, '-c', script, ...flags, '-o', 'name');
    return name.trim().split('/').at(-1) ?? '';
  }

  async tasks(): Promise<ReadonlyMap<string, TaskView>> {
    const text = await this.machine.ok(`${kubectl} get tasks -n dev -o json`);
    const { items } = JSON.parse(text) as { items: readonly TaskObject[] };
    return new Map(items.map((task) => [task.metadata.name, viewOf(task)]));
  }

  /** As `tasks`, of a server that systemd has started and that is still looking at what was left. */
  async tasksOnceReady(): Promise<ReadonlyMap<string, TaskView>> {
    const deadline = Date.now() + this.machine.slowness * 5_000;
    for (;;) {
      try {
        return await this.tasks();
      } catch (error) {
        if (Date.now() < deadline) await delay(500);
        else throw new Error(`${(error as Error).message}\n${await this.machine.ok(`tail -20 ${dataDir}/server.log`)}`);
      }
    }
  }

  /** Follows a Task until the condition holds. @throws Error with what it has become instead */
  async until(task: string, what: string, holds: (view: TaskView) => boolean): Promise<TaskView> {
    const deadline = Date.now() + this.machine.slowness * 15_000;
    for (;;) {
      // Without a server at the moment there is no answer: that may be what is being tested.
      const view = await this.tasks().then(
        (all) => all.get(task),
        () => undefined,
      );
      if (view !== undefined && holds(view)) return view;
      if (Date.now() > deadline) throw new Error(`Task ${task} is not ${what}: ${JSON.stringify(view)}`);
      await delay(500);
    }
  }

  running(task: string): Promise<TaskView> {
    return this.until(task, 'running', ({ started }) => started);
  }

  finished(task: string): Promise<TaskView> {
    return this.until(task, 'finished', ({ status }) => status === 'True' || status === 'False');
  }

  /** @throws Error with those that do not come to an end */
  async allFinished(): Promise<ReadonlyMap<string, TaskView>> {
    const deadline = Date.now() + this.machine.slowness * 30_000;
    let going: readonly unknown[] | string = 'nothing was answered';
    while (Date.now() < deadline) {
      // An emulated machine that starts many containers takes longer for an answer than kubectl waits for it.
      const all = await this.tasks().catch((error: Error) => error);
      if (all instanceof Error) going = all.message;
      else {
        going = [...all].filter(([, { status }]) => status !== 'True' && status !== 'False');
        if (going.length === 0) return all;
      }
      await delay(1000);
    }
    throw new Error(`these Tasks do not end: ${JSON.stringify(going)}`);
  }

  async log(task: string): Promise<string> {
    return this.kf('logs', task, '--recent');
  }

  async serverPid(): Promise<number> {
    return Number(await this.machine.ok(`node -p 'require("${dataDir}/server.json").pid'`));
  }

  /** Everything of kf that is on the machine beside its data. */
  async leftovers(): Promise<MachineState> {
    const script = `cd ${program} && node_modules/.bin/tsx test/vm/in-guest/machine-state.ts ${dataDir}`;
    return JSON.parse(await this.machine.ok(script)) as MachineState;
  }

  /** The runtime that the server chose by running a trial. */
  async chosenRuntime(): Promise<string> {
    return (await this.machine.ok(`node -p 'require("${dataDir}/runtime.json").runtime'`)).trim();
  }
}

export const kubectl = `kubectl --kubeconfig ${dataDir}/kubeconfig`;

function viewOf({ status }: TaskObject): TaskView {
  const condition = status?.conditions?.find(({ type }) => type === 'Succeeded');
  return {
    status: condition?.status,
    reason: condition?.reason,
    exitCode: status?.exitCode,
    started: status?.startTime !== undefined,
  };
}
