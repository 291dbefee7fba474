/** `server.js remnants`, `server.js remove-remnants [--keep-data]`: answer with one line of JSON. */

import { findHome } from '../home.ts';
import { findRemnants, isNothing, removeRemnants } from './remnants.ts';

/** `remnants` answers with null where there is nothing of a server. */
export async function runUninstallCommand([command, ...flags]: readonly string[]): Promise<number> {
  const home = await findHome(process.env);
  const keepData = flags.includes('--keep-data');
  if (command === 'remnants') {
    const found = home === undefined ? undefined : await findRemnants(home);
    console.log(JSON.stringify(found === undefined || isNothing(found) ? null : found));
  } else {
    const left = home === undefined ? [] : await removeRemnants(home, { keepData });
    console.log(JSON.stringify({ left }));
  }
  return 0;
}
