/** `server.js remnants`, `server.js remove-remnants [--keep-data]`: answer with one line of JSON. */

import type { Home } from '../home.ts';
import { findRemnants, removeRemnants } from './remnants.ts';

export async function runUninstallCommand([command, ...flags]: readonly string[], home: Home): Promise<number> {
  const answer =
    command === 'remnants'
      ? await findRemnants(home)
      : { left: await removeRemnants(home, { keepData: flags.includes('--keep-data') }) };
  console.log(JSON.stringify(answer));
  return 0;
}
