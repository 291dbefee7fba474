/**
 * The server's program: `server.js run` is the platform in one process, `server.js doctor` looks at the machine; the
 * others work on a data directory beside a server.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runBackupCommand } from './embedded/backup/command.ts';
import { storeFile } from './embedded/backup/contents.ts';
import { completeInterrupted } from './embedded/backup/exchange.ts';
import { runDoctor } from './embedded/doctor.ts';
import { type Home, openHome } from './embedded/home.ts';
import { startServer } from './embedded/server.ts';
import { loadServerConfig } from './embedded/server-config.ts';
import { serviceManager } from './embedded/service-manager.ts';
import { runUninstallCommand } from './embedded/uninstall/command.ts';
import { errorMessage } from './resources/errors.ts';
import { LockedError } from './store/lock.ts';
import { checkSchema } from './store/offline.ts';

const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8')) as {
  version: string;
};

const log = (message: string, error?: unknown): void =>
  console.error(`${new Date().toISOString()} ${message}${describe(error)}`);

async function run(): Promise<void> {
  const manager = serviceManager(process.env, log);
  const home = await openHome(process.env);
  // First of all: settings and keys are among what a restore exchanges.
  await completeInterrupted(home.dataDir);
  const server = await startServer({
    home,
    version,
    config: await loadServerConfig(home.dataDir),
    ...(process.env.KF_FLUSH_DELAY_MS === undefined ? {} : { flushDelayMs: Number(process.env.KF_FLUSH_DELAY_MS) }),
    log,
  });
  console.log(`ready ${server.url}`);
  void manager.ready(`answers at ${server.url}`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    Promise.all([server.stop(), manager.stopping()]).then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The terminal or the starter may go; the server stays.
  process.on('SIGHUP', () => {});
}

/** An operator wants the reason in one line; a fault of ours needs its stack too. */
function describe(error: unknown): string {
  if (error === undefined) return '';
  if (!(error instanceof Error)) return `: ${String(error)}`;
  return `: ${error.message}${error.stack === undefined ? '' : `\n${error.stack}`}`;
}

/** One line, the last of the log: whoever has started the server shows it. */
function fail(error: unknown): never {
  const message = errorMessage(error);
  const wayOut = '; stop that server (kf server stop), or name another data directory for this one (KF_HOME)';
  console.error(`Error: ${message}${error instanceof LockedError ? wayOut : ''}`);
  process.exit(1);
}

/** By name; they answer with an exit code. */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  doctor: (args) => runDoctor(args.slice(1)),
  backup: withHome(runBackupCommand),
  'restore-unpack': withHome(runBackupCommand),
  'restore-apply': withHome(runBackupCommand),
  'check-store': withHome(async (_, { dataDir }) => {
    checkSchema(join(dataDir, storeFile));
    console.log('{}');
    return 0;
  }),
  remnants: runUninstallCommand,
  'remove-remnants': runUninstallCommand,
};

function withHome(work: (args: readonly string[], home: Home, version: string) => Promise<number>) {
  return async (args: readonly string[]): Promise<number> => work(args, await openHome(process.env), version);
}

const args = process.argv.slice(2);
const [command = ''] = args;
if (command === 'run') run().catch(fail);
else if (Object.hasOwn(commands, command)) commands[command]!(args).then((code) => process.exit(code), fail);
else fail(new Error(`usage: server.js run | ${Object.keys(commands).join(' | ')}`));
