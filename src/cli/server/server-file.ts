/** `server.json`: how the running embedded server is found. */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { errorCode } from '../../resources/errors.ts';

export interface ServerInfo {
  readonly pid: number;
  readonly url: string;
  /** Path of a Unix socket, where the server could make one. */
  readonly socket?: string;
  readonly kubeconfig: string;
  readonly version: string;
  readonly dataDir: string;
}

/** Undefined when there is no file, or half of one. @throws when it may not be read */
export async function readServerFile(home: string): Promise<ServerInfo | undefined> {
  try {
    const info = JSON.parse(readFileSync(join(home, 'server.json'), 'utf8')) as Partial<ServerInfo>;
    if (typeof info.pid !== 'number' || typeof info.url !== 'string') return undefined;
    return { kubeconfig: join(home, 'kubeconfig'), version: '', dataDir: home, ...info } as ServerInfo;
  } catch (error) {
    const code = errorCode(error);
    if (error instanceof SyntaxError || code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Whether a process with this id runs; one that we may not signal does, one that only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
  return !isZombie(pid);
}

/** In a container whose first process reaps nobody, an ended server stays a zombie for ever. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The server that runs and takes connections; after a reboot its process id may be someone else's. */
export async function findServer(home: string): Promise<ServerInfo | undefined> {
  const info = await readServerFile(home);
  return info !== undefined && isAlive(info.pid) && (await listens(info)) ? info : undefined;
}

function listens({ url, socket: path }: ServerInfo): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(
      path === undefined ? { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) } : { path },
    );
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => done(true)).on('error', () => done(false));
    socket.setTimeout(5000, () => done(false));
  });
}
