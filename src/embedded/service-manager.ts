/**
 * Tells systemd, where it has started us, when the server answers and when it ends (sd_notify(3)). Node.js has no Unix
 * datagrams; `systemd-notify` comes with systemd.
 */

import { type RunCommand, runCommand } from '../node/host/run-command.ts';

export interface ServiceManager {
  /** @param status one line for `systemctl status` */
  ready(status: string): Promise<void>;
  stopping(): Promise<void>;
}

/**
 * Takes the socket out of the environment: runtimes would show it to containers.
 * @param env of this process
 */
export function serviceManager(
  env: NodeJS.ProcessEnv,
  log: (message: string, error?: unknown) => void,
  run: RunCommand = runCommand,
): ServiceManager {
  const { NOTIFY_SOCKET: socket } = env;
  delete env.NOTIFY_SOCKET;
  const tell = async (...words: readonly string[]): Promise<void> => {
    if (!socket) return;
    // It waits until systemd has read it: who has ended by then belongs to no unit.
    await run('env', [`NOTIFY_SOCKET=${socket}`, 'systemd-notify', ...words]).catch((error: unknown) =>
      log('systemd cannot be told how the server is', error),
    );
  };
  return {
    ready: (status) => tell('--ready', `--status=${status}`),
    stopping: () => tell('STOPPING=1', '--status=ending; tasks go on'),
  };
}
