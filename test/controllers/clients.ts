/** The Clients that controllers are tested over: the honest ones, and hostile ones by seed. */

import type { Client } from '../../src/client/client.ts';
import { startServer } from '../apiserver/http/support.ts';
import { hostile } from '../client/hostile-client.ts';
import { startLocalApi } from '../support/local-api.ts';

export interface Setting {
  /** A new one for every controller: each lags by itself. */
  readonly controllers: () => Client;
  readonly honest: Client;
  close(): Promise<void>;
}

/** Hostile ones: five, or as many as KF_SEEDS says, for a longer search. */
export function clientSettings(): Readonly<Record<string, () => Promise<Setting>>> {
  const settings: Record<string, () => Promise<Setting>> = {
    'in-process': async () => {
      const { client, close } = startLocalApi();
      return { controllers: () => client, honest: client, close };
    },
    http: async () => {
      const server = await startServer();
      return { controllers: () => server.client, honest: server.client, close: () => server.close() };
    },
  };
  for (let seed = 1; seed <= Number(process.env.KF_SEEDS ?? 5); seed++)
    settings[`hostile, seed ${seed}`] = () => hostileSetting(seed);
  return settings;
}

async function hostileSetting(seed: number): Promise<Setting> {
  const { client, close } = startLocalApi();
  const made: { close(): void }[] = [];
  return {
    controllers: () => {
      const one = hostile(client, { seed: seed + 100 * made.length });
      made.push(one);
      return one;
    },
    honest: client,
    async close() {
      for (const one of made) one.close();
      await close();
    },
  };
}
