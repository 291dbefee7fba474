/** `kf server backup|restore`. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorMessage } from '../../../resources/errors.ts';
import { formatBytes } from '../../../resources/quantity.ts';
import type { Context } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { formatValue } from '../../output/objects.ts';
import { kfHome } from '../../settings/kf-home.ts';
import { takingTime } from '../../wait/taking-time.ts';
import { requireRoot } from '../as-root.ts';
import { launch, prepareHome } from '../start.ts';
import { tryLock } from '../start-lock.ts';
import { stopServer } from '../stop.ts';
import { askProgram } from './ask-program.ts';
import { endAllTasks } from './end-all-tasks.ts';

export interface BackupFlags {
  readonly withVolumes?: boolean;
  readonly force?: boolean;
  readonly output?: 'json' | 'yaml';
}

interface Manifest {
  readonly version: string;
  readonly createdAt: string;
  readonly volumes: boolean;
}

export async function backupAction(context: Context, path: string, flags: BackupFlags): Promise<void> {
  const { io, env, cwd } = context;
  requireRoot('backup', env);
  const { withVolumes, force, output } = flags;
  const file = resolve(cwd, path);
  const home = kfHome(env);
  if (!existsSync(home)) throw new CliError(`there is no server's data in ${home}`);
  const args = ['backup', file, ...(withVolumes ? ['--with-volumes'] : []), ...(force ? ['--force'] : [])];
  const made = await takingTime(
    context,
    'Backing up',
    askProgram<Manifest & { bytes: number; volumesLeftOut: number }>(env, args),
  );
  if (made.volumesLeftOut > 0)
    io.note(
      `WARNING: ${made.volumesLeftOut === 1 ? '1 volume is' : `${made.volumesLeftOut} volumes are`} not in it; --with-volumes takes them along.`,
    );
  if (output !== undefined) return io.out(await formatValue(output, made));
  io.note(`Backed up to ${file} (${formatBytes(made.bytes)}). It holds credentials: keep it as safe as the server.`);
}

export async function restoreAction(context: Context, path: string, { kill }: { readonly kill?: boolean }) {
  const { io, env, cwd } = context;
  requireRoot('restore', env);
  const file = resolve(cwd, path);
  if (!existsSync(file)) throw new CliError(`there is no file ${file}`);
  const home = kfHome(env);
  const options = { home, io, env };
  await prepareHome(options);
  const lock = await tryLock(home);
  if (lock === undefined) throw new CliError('another command is starting or stopping the server; try again');
  try {
    const unpacked = await takingTime(
      context,
      'Unpacking the backup',
      askProgram<Manifest & { folder: string }>(
        env,
        ['restore-unpack', file, ...(kill ? ['--kill'] : [])],
        'nothing was restored: ',
      ),
    );
    if (kill) await endAllTasks(context, options);
    await stopServer(home);
    const restored = await takingTime(
      context,
      'Putting it in place',
      askProgram<Manifest & { replaced?: string }>(
        env,
        ['restore-apply', unpacked.folder, ...(kill ? ['--kill'] : [])],
        'nothing was restored: ',
      ),
    ).catch(async (error) => {
      await launch(options).catch((reason: unknown) => io.note(`WARNING: ${errorMessage(reason)}`));
      throw error;
    });
    const { url, pid } = await launch(options);
    io.note(`Restored the backup of ${restored.createdAt}, made by kf ${restored.version}.`);
    if (restored.replaced !== undefined)
      io.note(`What it replaced is kept in ${restored.replaced}; when all is well, kf server prune --all removes it.`);
    if (!restored.volumes) io.note('The backup holds no volumes: those of this machine were left as they are.');
    io.note(`The server is running: ${url} (process ${pid})`);
  } finally {
    await lock.release();
  }
}
