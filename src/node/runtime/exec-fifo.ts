/**
 * Starting a created container without running the runtime once more. `runc start` does nothing but open the FIFO
 * `exec.fifo` in the container's state, read from it, which lets the waiting process go on, and remove it; doing the
 * same here saves a program's start (5 ms of 40). `runc start` stays the way out wherever that FIFO is not as expected.
 */

import { constants, openSync, readSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';

/**
 * Whether the container was let go. False: nothing happened, another way may be tried.
 * @param gone resolves when the container's monitor has ended, so that nobody waits for ever
 */
export async function startByFifo(stateDirectory: string, gone: Promise<void>): Promise<boolean> {
  const path = join(stateDirectory, 'exec.fifo');
  let fd: number;
  try {
    // Opened without blocking, it stays silent until the process inside has opened its end.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false;
  }
  const socket = new Socket({ fd, readable: true, writable: false });
  try {
    // Released, a short command may have ended before its byte was looked at.
    const released = await Promise.race([firstByte(socket), gone.then(() => socket.bytesRead > 0 || hasByte(fd))]);
    if (released) rmSync(path, { force: true });
    return released;
  } finally {
    socket.destroy();
  }
}

function hasByte(fd: number): boolean {
  try {
    return readSync(fd, Buffer.alloc(1)) === 1;
  } catch {
    return false;
  }
}

const firstByte = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    socket.once('data', () => resolve(true));
    socket.once('end', () => resolve(false));
    socket.once('error', () => resolve(false));
  });
