/** What of backup and restore the command line has the server's program do: it answers with one line of JSON. */

import type { Home } from '../home.ts';
import { reserveOf } from '../node-settings.ts';
import { loadServerConfig } from '../server-config.ts';
import { makeBackup } from './make-backup.ts';
import { putInPlace, unpackBackup } from './restore.ts';

/** `backup FILE [--with-volumes] [--force]`, `restore-unpack FILE [--kill]`, `restore-apply FOLDER [--kill]`. */
export async function runBackupCommand(
  [command, path = '', ...flags]: readonly string[],
  home: Home,
  version: string,
): Promise<number> {
  const now = new Date();
  console.log(JSON.stringify(await answer()));
  return 0;

  async function answer(): Promise<unknown> {
    // Half of it is of no use, and its journal completes it whatever happens.
    if (command === 'restore-apply') return putInPlace(home, path, now, flags.includes('--kill'));
    const signal = interruption();
    // Settings that cannot be read are among what a restore may mend.
    const reserve = await loadServerConfig(home.dataDir).then(reserveOf, () => ({}));
    if (command === 'restore-unpack')
      return unpackBackup(home, path, { kill: flags.includes('--kill'), signal, ...reserve });
    return makeBackup({
      dataDir: home.dataDir,
      file: path,
      version,
      volumes: flags.includes('--with-volumes'),
      force: flags.includes('--force'),
      now,
      signal,
      ...reserve,
    });
  }
}

/** Whoever is interrupted removes what he has begun. */
function interruption(): AbortSignal {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => abort.abort(new Error(`it was interrupted (${name})`)));
  return abort.signal;
}
