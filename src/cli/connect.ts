/** From the choice of a server to a client of it. */

import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from '../client/http/http-client.ts';
import { type ConnectionConfig, KubeconfigError, loadKubeconfig } from '../client/http/kubeconfig.ts';
import { errorCode } from '../resources/errors.ts';
import type { ConnectOptions } from './context.ts';
import { CliError, UnreachableError } from './errors.ts';
import type { Io } from './io.ts';
import type { KfClient } from './kf-client.ts';
import { notAllowed } from './server/not-allowed.ts';
import { ownKubeconfig } from './server/own-kubeconfig.ts';
import { findServer, readServerFile, type ServerInfo } from './server/server-file.ts';
import { isLocked } from './server/start-lock.ts';
import { versionAdvice } from './server/version-advice.ts';
import type { ServerChoice } from './settings/server-choice.ts';
import { clientVersion } from './version.ts';

export async function connectTo(
  choice: ServerChoice,
  io: Io,
  options: ConnectOptions,
  env: NodeJS.ProcessEnv,
): Promise<KfClient> {
  return new HttpClient(await configOf(choice, io, options, env), `kf/${clientVersion}`);
}

async function configOf(
  choice: ServerChoice,
  io: Io,
  options: ConnectOptions,
  env: NodeJS.ProcessEnv,
): Promise<ConnectionConfig> {
  if (choice.kind !== 'embedded') return load(choice.path, choice.context);
  const server = await embedded(choice.home, io, options, env);
  const config = await load(await ownKubeconfig(server));
  return server.socket === undefined ? config : { ...config, socket: server.socket };
}

export async function contextNameOf(choice: ServerChoice): Promise<string> {
  if (choice.kind === 'embedded') return 'kf';
  return (await load(choice.path, choice.context)).context ?? '?';
}

async function load(path: string, context?: string): ReturnType<typeof loadKubeconfig> {
  try {
    return await loadKubeconfig({ path, ...(context === undefined ? {} : { context }) });
  } catch (error) {
    if (error instanceof KubeconfigError) throw new CliError(error.message);
    throw error;
  }
}

async function embedded(
  home: string,
  io: Io,
  { mayStart = true }: ConnectOptions,
  env: NodeJS.ProcessEnv,
): Promise<ServerInfo> {
  const running = (await find(home)) ?? (mayStart ? await returning(home, env) : undefined);
  if (running !== undefined) {
    const advice = versionAdvice(clientVersion, running.version, home);
    if (advice !== undefined) io.note(advice);
    return running;
  }
  if (!mayStart || env.KF_AUTOSTART === '0')
    throw new UnreachableError('the embedded server is not running', {
      tips: [{ description: 'Start it', command: 'kf server start' }],
    });
  // What starts it is not read by the many commands that find it running.
  const { ensureServer } = await import('./server/start.ts');
  return ensureServer({ home, io, env });
}

/** Milliseconds for which a command waits for a server that comes back, and between looks. */
const patience = { limit: 10_000, interval: 50 };

/** For a command that may not start the server: waits for one that is being started, or restarted after a crash. */
async function returning(home: string, env: NodeJS.ProcessEnv): Promise<ServerInfo | undefined> {
  if (env.KF_AUTOSTART !== '0' && process.getuid?.() === 0) return undefined;
  const deadline = Date.now() + patience.limit;
  while ((await isExpected(home)) && Date.now() < deadline) {
    await sleep(patience.interval);
    const info = await find(home);
    if (info !== undefined) return info;
  }
  return undefined;
}

/** A server that was stopped has taken its file away. */
const isExpected = async (home: string): Promise<boolean> =>
  (await readServerFile(home)) !== undefined || (await isLocked(home));

async function find(home: string): Promise<ServerInfo | undefined> {
  try {
    return await findServer(home);
  } catch (error) {
    if (errorCode(error) === 'EACCES') throw new CliError(await notAllowed(home));
    throw error;
  }
}
