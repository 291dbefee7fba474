/** Commands of an OCI runtime (runc, crun) over one `--root`. Creating is conmon's business. */

import { basename, join } from 'node:path';
import { BatchDelete } from './batch-delete.ts';
import { run } from './exec.ts';
import { wakeStarter } from './exec-fifo.ts';

export type RuntimeStatus = 'creating' | 'created' | 'running' | 'stopped' | 'paused';

export interface RuntimeState {
  readonly id: string;
  readonly status: RuntimeStatus;
  /** 0 when stopped. */
  readonly pid: number;
}

/** The runtime refused; its own words. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
}

export class OciRuntime {
  constructor(
    readonly path: string,
    /** Folder of the runtime's states. */
    readonly root: string,
  ) {
    this.startsByFifo = basename(path) === 'runc';
    this.#deletions = new BatchDelete(path, root);
  }

  /** Whether a created container can be started as exec-fifo.ts says. */
  readonly startsByFifo: boolean;
  readonly #deletions: BatchDelete;

  /** Lets a created container's process begin. @throws RuntimeError */
  async start(id: string): Promise<void> {
    await this.#run('start', id);
  }

  /** @throws RuntimeError, also when the process has ended already */
  async kill(id: string, signal: 'TERM' | 'KILL'): Promise<void> {
    await this.#run('kill', id, signal);
  }

  /** Removes state and control groups; kills what still runs. Resolves also when the container is unknown. */
  delete(id: string): Promise<void> {
    wakeStarter(join(this.root, id));
    return this.#deletions.delete(id);
  }

  async state(id: string): Promise<RuntimeState | undefined> {
    const { code, stdout } = await run(this.path, ['--root', this.root, 'state', id]);
    return code === 0 ? (JSON.parse(stdout) as RuntimeState) : undefined;
  }

  async list(): Promise<readonly RuntimeState[]> {
    const text = await this.#run('list', '--format', 'json');
    return (JSON.parse(text.trim() || 'null') as RuntimeState[] | null) ?? [];
  }

  async #run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(this.path, ['--root', this.root, ...args]);
    if (code !== 0) throw new RuntimeError(lastLine(stderr) || `${this.path} ${args[0]} failed with code ${code}`);
    return stdout;
  }
}

/** The message of a runtime's log line (`time="…" level=error msg="…"`), or the line itself. */
export function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  const message = /msg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
  return message === undefined ? line : message.replace(/\\(.)/g, '$1');
}
