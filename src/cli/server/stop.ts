/** Ends the embedded server; tasks that run go on. */

import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../resources/errors.ts';
import { CliError } from '../errors.ts';
import { asRoot } from './as-root.ts';
import type { BootMachine } from './boot/machine.ts';
import { stopKeeping } from './boot/running.ts';
import { findServer, isAlive, type ServerInfo } from './server-file.ts';

/**
 * Sends SIGTERM and waits for the end; undefined when none was running.
 * @throws CliError when it may not be stopped, or does not end in 60 s
 */
export async function stopServer(home: string, machine?: BootMachine): Promise<ServerInfo | undefined> {
  const info = await findServer(home);
  await stopKeeping(home, machine);
  if (info === undefined) return undefined;
  try {
    process.kill(info.pid, 'SIGTERM');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EPERM') throw new CliError(`the server belongs to root: ${asRoot('server stop', home)}`);
    // What started it has ended it already.
    if (code !== 'ESRCH') throw error;
  }
  const deadline = Date.now() + 60_000;
  while (isAlive(info.pid)) {
    if (Date.now() > deadline)
      throw new CliError(`the server (process ${info.pid}) does not end; its log: ${home}/server.log`);
    await sleep(15);
  }
  return info;
}
