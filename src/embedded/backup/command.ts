/** What of backup and restore the command line has the server's program do: it answers with one line of JSON. */

import type { Home } from '../home.ts';
import { makeBackup } from './make-backup.ts';
import { putInPlace, unpackBackup } from './restore.ts';

/** `backup FILE [--with-volumes] [--force]`, `restore-unpack FILE`, `restore-apply FOLDER`. */
export async function runBackupCommand(
  [command, path = '', ...flags]: readonly string[],
  home: Home,
  version: string,
): Promise<number> {
  const now = new Date();
  const answer =
    command === 'backup'
      ? await makeBackup({
          dataDir: home.dataDir,
          file: path,
          version,
          volumes: flags.includes('--with-volumes'),
          force: flags.includes('--force'),
          now,
        })
      : command === 'restore-unpack'
        ? await unpackBackup(home, path)
        : await putInPlace(home, path, now);
  console.log(JSON.stringify(answer));
  return 0;
}
