/** `kf server …`: the life of the embedded server. */

import { pathToFileURL } from 'node:url';
import { errorCode, errorMessage } from '../../resources/errors.ts';
import type { Context } from '../context.ts';
import { CliError, Exit } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatDescription } from '../output/describe.ts';
import { formatNamed, type OutputFormat } from '../output/objects.ts';
import { kfHome } from '../settings/kf-home.ts';
import { clientVersion } from '../version.ts';
import { asRoot, requireRoot } from './as-root.ts';
import { checkedBootManager } from './boot/boot.ts';
import { askProgram } from './data/ask-program.ts';
import { countRunning, drainTasks, killTasks } from './end-tasks.ts';
import { keepNodeLabels, labelNode, type NodeLabelFlags } from './node-labels.ts';
import { notAllowed } from './not-allowed.ts';
import { ownKubeconfig } from './own-kubeconfig.ts';
import { serverProgram } from './program.ts';
import { findServer, type ServerInfo } from './server-file.ts';
import { ensureServer, launch, prepareHome } from './start.ts';
import { type StartLock, tryLock } from './start-lock.ts';
import { stopServer } from './stop.ts';

export async function startAction(context: Context, flags: NodeLabelFlags): Promise<void> {
  const { io, env } = context;
  const home = kfHome(env);
  const running = await findMine(home);
  await keepNodeLabels(context, flags);
  const info = running ?? (await ensureServer({ home, io, env }));
  io.note(
    `${running === undefined ? 'The server is running' : 'The server is running already'}: ${info.url} (process ${info.pid})`,
  );
  if (running !== undefined) await labelNode(context, flags);
}

export async function stopAction(
  context: Context,
  { drain, kill }: { readonly drain?: boolean; readonly kill?: boolean },
): Promise<void> {
  const home = kfHome(context.env);
  if ((await findMine(home)) === undefined) {
    // It may be about to be started again after a crash.
    await stopServer(home);
    context.io.note('The server is not running.');
    if (kill || drain) context.io.note('Only a running server ends tasks: kf server start, then this again.');
    return;
  }
  requireRoot('stop', context.env);
  if (kill) await killTasks(context.forEmbedded());
  if (drain) await drainTasks(context.forEmbedded());
  const left = await countRunning(context.forEmbedded());
  // Until the old server has gone, no command may start a new one.
  const lock = await lockForStop(home);
  try {
    await stopServer(home);
  } finally {
    await lock?.release();
  }
  context.io.note(`The server is stopped.${goOn(left)}`);
}

/** Whoever holds it waits for a server that is there: it may be stopped all the same. */
const lockForStop = (home: string): Promise<StartLock | undefined> => tryLock(home).catch(() => undefined);

const goOn = (count: number): string =>
  count === 0 ? '' : ` ${count === 1 ? '1 task goes' : `${count} tasks go`} on running; see: kf tasks`;

export async function restartAction(context: Context, flags: NodeLabelFlags): Promise<void> {
  const { io, env } = context;
  const home = kfHome(env);
  const options = { home, io, env };
  requireRoot('restart', env);
  await keepNodeLabels(context, flags);
  await prepareHome(options);
  // Held throughout, so that no other command starts a server in between.
  const lock = await tryLock(home);
  if (lock === undefined) throw new CliError('another command is starting or stopping the server; try again');
  try {
    const running = await findServer(home);
    // A server that could not be followed by ours is not to be stopped.
    if (running !== undefined && running.version !== clientVersion)
      await askProgram(env, ['check-store'], 'the server goes on running: ');
    // Nor is one that would not start again with its settings.
    if (running !== undefined) (await import('../configure-server/config-file.ts')).readConfigFile(home);
    const left = running === undefined ? 0 : await countRunning(context.forEmbedded());
    const stopped = await stopServer(home);
    const info = await launch(options);
    io.note(`The server is running${stopped === undefined ? '' : ' again'}: ${info.url} (process ${info.pid})`);
    if (left > 0) io.note(`${left === 1 ? '1 task' : `${left} tasks`} went on running meanwhile.`);
  } finally {
    await lock.release();
  }
}

export async function statusAction({ io, env }: Context, output?: OutputFormat): Promise<void> {
  const home = kfHome(env);
  const info = await findMine(home);
  const manager = await checkedBootManager(home);
  const atBoot = manager ?? false;
  if (output !== undefined)
    await io.out(
      await formatNamed(
        output,
        info === undefined ? { running: false, dataDir: home, atBoot } : { running: true, ...info, atBoot },
        info === undefined ? [] : [info.url],
      ),
    );
  else if (info === undefined) io.note(`The server is not running (data directory ${home}). ${said(manager, home)}`);
  else
    await io.out(
      formatDescription([
        ...described(info),
        ['Starts At Boot', manager === undefined ? `no; ${asRoot('server enable', home)}` : `yes (${manager})`],
      ]),
    );
  if (info === undefined) throw new Exit(exitCodes.error);
}

/** The server that runs. @throws CliError when this user may not use it, or the folder is none */
async function findMine(home: string): Promise<ServerInfo | undefined> {
  try {
    const info = await findServer(home);
    return info === undefined ? undefined : { ...info, kubeconfig: await ownKubeconfig(info) };
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (errorCode(error) === 'EACCES') throw new CliError(await notAllowed(home));
    throw new CliError(`cannot look into the data directory ${home}: ${errorMessage(error)}`);
  }
}

const said = (manager: string | undefined, home: string): string =>
  manager === undefined
    ? `It does not start at boot: ${asRoot('server enable', home)}`
    : `It starts at boot (${manager}).`;

const described = ({ pid, url, kubeconfig, dataDir, version }: ServerInfo) =>
  [
    ['Status', 'running'],
    ['Process', pid],
    ['URL', url],
    ['Kubeconfig', kubeconfig],
    ['Data Directory', dataDir],
    ['Version', version],
  ] as const;

/** The server takes over this process, so that a service manager has the right one. */
export async function runAction(context: Context, flags: NodeLabelFlags): Promise<void> {
  requireRoot('run', context.env);
  await keepNodeLabels(context, flags);
  const { file } = serverProgram();
  context.close();
  process.argv = [process.argv[0]!, file, 'run', '--foreground'];
  const specifier = pathToFileURL(file).href;
  await import(specifier);
  // From here on the server decides when the process ends.
  await new Promise(() => setInterval(() => undefined, 2 ** 30));
}
