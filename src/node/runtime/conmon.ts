/**
 * conmon watches over one container: it has the runtime create it, writes its output to a log file and its exit code
 * to a file, and outlives the server.
 *
 * What we rely on (conmon 2.1): it waits for a byte on the start pipe before it forks; it answers on the sync pipe
 * with the container's pid, or -1 and the runtime's error; it holds both ends of the FIFO `<bundle>/ctl` for as long
 * as it lives, so a reader of that FIFO sees its end at once, whoever started it; the exit file is written before that.
 */

import { spawn } from 'node:child_process';
import { constants, openSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

export interface MonitorOptions {
  readonly conmon: string;
  readonly id: string;
  readonly bundle: string;
  readonly logPath: string;
  readonly exitDir: string;
  readonly runtime: { readonly path: string; readonly root: string };
  /** `cgroup.procs` files to put the monitor into, so that what ends the server does not end it. */
  readonly procsFiles: readonly string[];
}

/** conmon or the runtime could not make the container; the runtime's own words. */
export class CreateError extends Error {
  override readonly name = 'CreateError';
}

export interface Monitor {
  readonly pid: number;
  /** Has the container created. Resolves with the pid of its first process. @throws CreateError */
  create(): Promise<number>;
  /** Ends a monitor that was not asked to create anything yet. */
  abort(): void;
}

/** Starts a monitor and holds it back until `create`. @throws CreateError when it cannot be run at all */
export function startMonitor(options: MonitorOptions): Monitor {
  const child = spawn(options.conmon, conmonArguments(options), {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    cwd: options.bundle,
    // Its own session: a Ctrl-C meant for the server is not meant for tasks.
    detached: true,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', TZ: 'UTC', ...pipes },
  });
  const failed = new Promise<never>((_, reject) =>
    child.once('error', (error) => reject(new CreateError(`cannot run ${options.conmon}: ${error.message}`))),
  );
  failed.catch(() => {});
  const { pid } = child;
  const sync = child.stdio[3] as Readable;
  const start = child.stdio[4] as Writable;
  // A monitor that has gone already is reported by the sync pipe's end.
  start.on('error', () => {});
  sync.on('error', () => {});
  if (pid !== undefined) for (const file of options.procsFiles) writeFileSync(file, String(pid));
  child.unref();
  return {
    pid: pid ?? 0,
    create() {
      start.end('\0');
      return Promise.race([failed, answer(sync)]);
    },
    abort() {
      child.kill('SIGKILL');
    },
  };
}

const pipes = { _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4' };

function conmonArguments({ id, bundle, logPath, exitDir, runtime }: MonitorOptions): string[] {
  return [
    ...['--api-version', '1', '--cid', id, '--cuuid', id, '--name', id],
    ...['--bundle', bundle, '--container-pidfile', join(bundle, 'pid')],
    ...['--log-path', `k8s-file:${logPath}`, '--exit-dir', exitDir],
    // We flush the log ourselves, at the same time as the exit code's own flush.
    '--no-sync-log',
    // The attach socket lies in the bundle; without this a folder of sockets would be needed.
    '--full-attach',
    // Stays our child instead of forking twice; once we are gone, init's.
    '--sync',
    ...['--runtime', runtime.path, '--runtime-arg', '--root', '--runtime-arg', runtime.root],
  ];
}

async function answer(sync: Readable): Promise<number> {
  let text = '';
  sync.setEncoding('utf8');
  for await (const chunk of sync) {
    text += chunk as string;
    if (text.includes('\n')) break;
  }
  if (text === '') throw new CreateError('the monitor ended before the container was created');
  const { data, message } = JSON.parse(text.slice(0, text.indexOf('\n'))) as { data: number; message?: string };
  if (data < 0) throw new CreateError(message ?? 'the runtime gave no reason');
  return data;
}

export interface MonitorWatch {
  /** Resolves when the monitor has ended, by itself or not; at once when it is not there. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Watches any monitor, also one that another server started. */
export function watchMonitor(bundle: string): MonitorWatch {
  let fd: number;
  try {
    fd = openSync(join(bundle, 'ctl'), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return { ended: Promise.resolve(), close() {} };
  }
  const socket = new Socket({ fd, readable: true, writable: false });
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('error', () => resolve());
  });
  socket.resume();
  return { ended, close: () => socket.destroy() };
}
