/** Starts the embedded server in the background, once, however many commands ask for it at the same time. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, errorMessage } from '../../resources/errors.ts';
import { CliError } from '../errors.ts';
import type { Io } from '../io.ts';
import { asRoot } from './as-root.ts';
import { type BootManager, bootManager } from './boot/boot.ts';
import type { BootMachine } from './boot/machine.ts';
import { keptCommand, makeWay, type ServerStart, startAsUnit, stopKeeping } from './boot/running.ts';
import { stdioWithoutInherited } from './descriptors.ts';
import { type ServerProgram, serverEnvironment, serverProgram } from './program.ts';
import { findServer, isAlive, readServerFile, type ServerInfo } from './server-file.ts';
import { type StartLock, tryLock } from './start-lock.ts';

export interface StartOptions {
  readonly home: string;
  readonly io: Io;
  readonly env: NodeJS.ProcessEnv;
  /** Default: the server that belongs to this CLI. */
  readonly program?: ServerProgram;
  /** Milliseconds. Default 120,000: a large store may have to be recovered. */
  readonly timeout?: number;
  /** Default: the process's. */
  readonly uid?: number;
  /** Default: this one. */
  readonly machine?: BootMachine;
}

const pollInterval = 15;
const logFile = (home: string): string => join(home, 'server.log');

/** The running server, started when there is none. @throws CliError with the server's own reason */
export async function ensureServer(options: StartOptions): Promise<ServerInfo> {
  const running = await findServer(options.home);
  if (running !== undefined) return running;
  await prepareHome(options);
  const lock = await waitForLock(options);
  if ('info' in lock) return lock.info;
  try {
    return (await findServer(options.home)) ?? (await launchAfterPredecessor(options));
  } finally {
    await lock.release();
  }
}

/** The start lock; or the server that another command has started meanwhile. */
async function waitForLock(options: StartOptions): Promise<StartLock | { readonly info: ServerInfo }> {
  const progress = new Progress(options.io);
  const deadline = Date.now() + (options.timeout ?? 120_000);
  for (;;) {
    const lock = await tryLock(options.home).catch((error) => {
      throw unusable(options.home, error);
    });
    if (lock !== undefined) return lock;
    const info = await findServer(options.home);
    if (info !== undefined) return { info };
    if (Date.now() > deadline)
      throw new CliError(
        `another command is starting the server and does not finish; its log: ${logFile(options.home)}`,
      );
    progress.tick();
    await sleep(pollInterval);
  }
}

/** @throws CliError when this user or this folder cannot have a server */
export async function prepareHome({ home, uid = process.getuid?.() }: StartOptions): Promise<void> {
  if (process.platform !== 'linux')
    throw new CliError('the embedded server runs on Linux only; choose a server with --context or $KUBECONFIG');
  if (uid !== undefined && uid !== 0)
    throw new CliError(
      `the embedded server is not running, and starting it needs root: ${asRoot('server start', home)}`,
    );
  try {
    await makeFolders(home);
  } catch (error) {
    throw unusable(home, error);
  }
}

/** Like mkdir with `recursive`, which never ends where the kernel refuses with ENOENT, as in /proc. */
async function makeFolders(path: string, mode = 0o700): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path || existsSync(dirname(path))) throw error;
    await makeFolders(dirname(path), 0o755);
    await mkdir(path, { mode });
  }
}

const unusable = (home: string, error: unknown): CliError =>
  new CliError(`cannot write to the data directory ${home}: ${errorMessage(error)}; choose another with KF_HOME`);

/** Like launch; where a server that is just ending still holds the store, tries again after its end. */
async function launchAfterPredecessor(options: StartOptions): Promise<ServerInfo> {
  try {
    return await launch(options);
  } catch (error) {
    const pid = Number(/in use by process (\d+)/.exec(errorMessage(error))?.[1]);
    const isEnding = pid > 0 && (await readServerFile(options.home)) === undefined;
    if (!isEnding || !(await ends(pid, 30_000))) throw error;
    return launch(options);
  }
}

async function ends(pid: number, timeout: number): Promise<boolean> {
  const deadline = Date.now() + timeout;
  while (isAlive(pid) && Date.now() < deadline) await sleep(pollInterval);
  return !isAlive(pid);
}

/** Starts the process and waits until it is ready. The caller holds the start lock. */
export async function launch(options: StartOptions): Promise<ServerInfo> {
  const { home, timeout = 120_000, machine } = options;
  const manager = await bootManager(home);
  await makeWay(home, manager, machine);
  const { size: logStart } = await stat(logFile(home)).catch(() => ({ size: 0 }));
  const start = await begin(options, manager);
  const progress = new Progress(options.io);
  const deadline = Date.now() + timeout;
  for (;;) {
    const info = await findServer(home);
    if (info !== undefined && start.isUp()) return info;
    const failure = await start.failure();
    if (failure !== undefined) throw await startFailure(home, logStart, failure);
    if (Date.now() > deadline)
      throw new CliError(`the server is not ready after ${timeout / 1000} s; its log: ${logFile(home)}`);
    progress.tick();
    await sleep(pollInterval);
  }
}

/** Starts it by what starts it at boot, else by itself. */
async function begin(options: StartOptions, manager: BootManager | undefined): Promise<ServerStart> {
  const { home, machine, program = serverProgram() } = options;
  if (manager === 'systemd') {
    const unit = startAsUnit(home, machine);
    return {
      isUp: () => unit.isUp(),
      async failure() {
        const failure = await unit.failure();
        // Otherwise it would be tried for ever behind the back of whom we tell that it failed.
        if (failure !== undefined) await stopKeeping(home, machine);
        return failure;
      },
    };
  }
  const [command, ...args] = keptCommand(home, manager) ?? [process.execPath, ...program.argv, 'run'];
  return spawnServer(options, command, args);
}

async function spawnServer(
  { home, env }: StartOptions,
  command: string,
  args: readonly string[],
): Promise<ServerStart> {
  const log = await open(logFile(home), 'a', 0o600).catch((error) => {
    throw unusable(home, error);
  });
  const nothing = await open('/dev/null', 'r+');
  let ended: string | undefined;
  try {
    const child = spawn(command, args, {
      detached: true,
      cwd: '/',
      // It stands elsewhere: a relative $KF_HOME would mean another folder there.
      env: { ...serverEnvironment, ...env, ...(env.KF_HOME ? { KF_HOME: home } : {}) },
      stdio: stdioWithoutInherited<'ignore' | number>(['ignore', log.fd, log.fd], nothing.fd),
    });
    child.on('error', (error) => {
      ended = error.message;
    });
    child.on('exit', (code, signal) => {
      ended = signal === null ? `exit code ${code}` : `ended by ${signal}`;
    });
    child.unref();
  } finally {
    await Promise.all([log.close(), nothing.close()]);
  }
  return { isUp: () => true, failure: async () => ended };
}

/** The server's last words are the reason. */
async function startFailure(home: string, logStart: number, how: string): Promise<CliError> {
  const size = (await stat(logFile(home)).catch(() => undefined))?.size ?? 0;
  const log = size > logStart ? (await readFile(logFile(home))).subarray(logStart).toString() : '';
  const last = log
    .trimEnd()
    .split('\n')
    .at(-1)
    ?.replace(/^(error:|kf server:)\s*/i, '')
    .trim();
  return new CliError(`the embedded server did not start: ${last || how}`, {
    tips: [
      { description: "See the server's log", command: `tail ${logFile(home)}` },
      { description: 'Check this machine', command: 'kf doctor' },
    ],
  });
}

/** Says after a second that something takes its time, then every 30 s. */
class Progress {
  readonly #io: Io;
  #next = Date.now() + 1000;

  constructor(io: Io) {
    this.#io = io;
  }

  tick(): void {
    if (Date.now() < this.#next) return;
    this.#next = Date.now() + 30_000;
    this.#io.note('Starting the embedded server...');
  }
}
