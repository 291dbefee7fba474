/** `kf server enable|disable`. */

import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { kfHome } from '../../settings/kf-home.ts';
import { requireRoot } from '../as-root.ts';
import { keepNodeLabels, type NodeLabelFlags } from '../node-labels.ts';
import { serverProgram } from '../program.ts';
import { findServer } from '../server-file.ts';
import { launch, prepareHome } from '../start.ts';
import { tryLock } from '../start-lock.ts';
import { stopServer } from '../stop.ts';
import { disableBoot, enableBoot } from './boot.ts';
import { cronRuns } from './cron.ts';
import { stopKeeper } from './keeper.ts';
import { serviceOf } from './service.ts';
import { unitName } from './systemd.ts';

export async function enableAction(context: Context, flags: NodeLabelFlags): Promise<void> {
  const { io, env } = context;
  requireRoot('enable', env);
  await keepNodeLabels(context, flags);
  const home = kfHome(env);
  const options = { home, io, env };
  await prepareHome(options);
  const lock = await tryLock(home);
  if (lock === undefined) throw new CliError('another command is starting or stopping the server; try again');
  try {
    const manager = await enableBoot(serviceOf(home, process.execPath, serverProgram(), env));
    io.note(
      `The server starts at boot and after a crash, by ${manager === 'systemd' ? `systemd (${unitName(home)})` : "root's crontab"}.`,
    );
    if (manager === 'cron' && !cronRuns())
      io.note('WARNING: no cron daemon is running on this machine: nothing will start the server at boot.');
    // A server that was started by a command has nobody who starts it again; tasks go on meanwhile.
    await stopServer(home);
    const { url, pid } = await launch(options);
    io.note(`The server is running: ${url} (process ${pid})`);
  } finally {
    await lock.release();
  }
}

export async function disableAction({ io, env }: Context): Promise<void> {
  requireRoot('disable', env);
  const home = kfHome(env);
  const manager = await disableBoot(home);
  await stopKeeper(home);
  if (manager === undefined) return io.note('The server does not start at boot; nothing was changed.');
  io.note('The server does not start at boot or after a crash any more.');
  if ((await findServer(home)) !== undefined) io.note('It goes on running until: kf server stop');
}
