/** Starting programs of this machine. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/**
 * As Node's, but where no descriptors are left for the program's streams it throws. Node gives a process without any, and an
 * `error` event that nobody who has tripped over them hears: it would end the server.
 */
export const spawnProgram = ((command: string, args: readonly string[], options: SpawnOptions): ChildProcess => {
  const child = spawn(command, args, options);
  if ((child.stdio as unknown) !== undefined) return child;
  child.on('error', () => {});
  throw new Error(`${command}: too many open files`);
}) as typeof spawn;
