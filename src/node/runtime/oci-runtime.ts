/** Commands of an OCI runtime (runc, crun) over one `--root`. Creating is conmon's business. */

import { basename, join } from 'node:path';
import { CommandError, type RunCommand } from '../host/run-command.ts';
import { wakeStarter } from './exec-fifo.ts';

export type RuntimeStatus = 'creating' | 'created' | 'running' | 'stopped' | 'paused';

export interface RuntimeState {
  readonly id: string;
  readonly status: RuntimeStatus;
  /** 0 when stopped. */
  readonly pid: number;
}

/** The runtime refused; its own words. */
class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
}

export class OciRuntime {
  readonly #runCommand: RunCommand;

  constructor(
    run: RunCommand,
    readonly path: string,
    /** Folder of the runtime's states. */
    readonly root: string,
  ) {
    this.#runCommand = run;
    this.isRunc = basename(path) === 'runc';
  }

  /** Whether its containers can be started as exec-fifo.ts says, and removed as delete-container.ts says. */
  readonly isRunc: boolean;

  /** Lets a created container's process begin. @throws RuntimeError */
  async start(id: string): Promise<void> {
    await this.#run('start', id);
  }

  /** @throws RuntimeError, also when the process has ended already */
  async kill(id: string, signal: 'TERM' | 'KILL'): Promise<void> {
    await this.#run('kill', id, signal);
  }

  /** Removes state and control groups; kills what still runs. Resolves also when the container is unknown. */
  async delete(id: string): Promise<void> {
    wakeStarter(join(this.root, id));
    await this.#run('delete', '--force', id);
  }

  /** Undefined when the container is unknown. */
  async state(id: string): Promise<RuntimeState | undefined> {
    const text = await this.#run('state', id).catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as RuntimeState);
  }

  async list(): Promise<readonly RuntimeState[]> {
    const text = await this.#run('list', '--format', 'json');
    return (JSON.parse(text.trim() || 'null') as RuntimeState[] | null) ?? [];
  }

  async #run(...args: readonly string[]): Promise<string> {
    try {
      return await this.#runCommand(this.path, ['--root', this.root, ...args]);
    } catch (error) {
      throw error instanceof CommandError ? new RuntimeError(lastLine(error.reason)) : error;
    }
  }
}

/** The message of a runtime's log line (`time="…" level=error msg="…"`), or the line itself; not what mount(8) adds to it. */
export function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const line = lines.findLast((line) => line !== '' && !line.startsWith('dmesg(1) may have more')) ?? '';
  const message = /msg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  return message === undefined ? line : message.replace(/\\(.)/g, '$1');
}
