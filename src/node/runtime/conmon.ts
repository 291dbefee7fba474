/**
 * conmon watches over one container: it has the runtime create it, writes its output to a log file and its exit code
 * to a file, and outlives the server.
 *
 * What we rely on (conmon 2.1): it answers on the sync pipe with the container's pid, or -1 and the runtime's error; it
 * holds both ends of the FIFO `<bundle>/ctl` for as long as it lives, so a reader of that FIFO sees its end at once,
 * whoever started it; the exit file is written before that.
 */

import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { errorCode } from '../../resources/errors.ts';
import type { Launcher } from './launcher.ts';
import type { RootMount } from './root-mount.ts';

export interface MonitorOptions {
  readonly id: string;
  readonly bundle: string;
  readonly logPath: string;
  /** Mounted for the monitor and the runtime that it calls. */
  readonly rootMount?: RootMount;
}

/** conmon or the runtime could not make the container; the runtime's own words. */
export class CreateError extends Error {
  override readonly name = 'CreateError';
}

/** Environment of monitors and the runtime that they call: times in UTC, and where to answer. */
export const monitorEnvironment: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  TZ: 'UTC',
  // runc spends 7 % less without threads for every processor; it hands this on to its own first process only.
  GOMAXPROCS: '1',
  _OCI_SYNCPIPE: '3',
};

/** What every monitor of a server is told: the beginning of conmon's command line. */
export const monitorCommand = (
  conmon: string,
  { exitDir, runtime }: { exitDir: string; runtime: { readonly path: string; readonly root: string } },
): readonly string[] => [
  conmon,
  ...['--api-version', '1', '--exit-dir', exitDir],
  // We flush the log ourselves, at the same time as the exit code's own flush.
  '--no-sync-log',
  // The attach socket lies in the bundle; without this a folder of sockets would be needed.
  '--full-attach',
  // Stays a child of the launcher, which reaps it, instead of forking twice.
  '--sync',
  ...['--runtime', runtime.path, '--runtime-arg', '--root', '--runtime-arg', runtime.root],
];

/** Starts a monitor and has it create the container. Resolves with the pid of its first process. @throws CreateError */
export async function createContainer(launcher: Launcher, options: MonitorOptions): Promise<number> {
  const { id, bundle, logPath, rootMount } = options;
  const complaints = join(bundle, 'monitor.err');
  const args = [
    ...['--cid', id, '--cuuid', id, '--name', id, '--bundle', bundle],
    ...['--container-pidfile', join(bundle, 'pid'), '--log-path', `k8s-file:${logPath}`],
  ];
  const text = await launcher.launch({ args, complaints, rootMount });
  if (text === '')
    throw new CreateError(complaintOf(complaints) ?? 'the monitor ended before the container was created');
  const { data, message } = JSON.parse(text) as { data: number; message?: string };
  if (data < 0) throw new CreateError(message ?? 'the runtime gave no reason');
  return data;
}

/** The end of what a program wrote to its standard error. */
function complaintOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').slice(-4096).trim() || undefined;
  } catch {
    return undefined;
  }
}

export interface MonitorWatch {
  /** Resolves when the monitor has ended, by itself or not; at once when it is not there. */
  readonly ended: Promise<void>;
  close(): void;
}

const over: MonitorWatch = { ended: Promise.resolve(), close() {} };

function hasWriter(fd: number): boolean {
  try {
    return readSync(fd, Buffer.alloc(1)) > 0;
  } catch (error) {
    return errorCode(error) === 'EAGAIN';
  }
}

/** Watches any monitor, also one that another server started. @throws Error where that cannot be told: no descriptors are left */
export function watchMonitor(bundle: string): MonitorWatch {
  let fd: number;
  try {
    fd = openSync(join(bundle, 'ctl'), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ENXIO'].includes(errorCode(error) ?? '')) throw error;
    return over;
  }
  // A FIFO whose writer was gone before it was opened never tells of it.
  if (!hasWriter(fd)) {
    closeSync(fd);
    return over;
  }
  const socket = new Socket({ fd, readable: true, writable: false });
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('error', () => resolve());
  });
  socket.resume();
  return { ended, close: () => socket.destroy() };
}
