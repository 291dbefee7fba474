import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InProcessClient } from '../../src/apiserver/in-process-client.ts';
import { LocalApi, type LocalApiOptions } from '../../src/apiserver/local-api.ts';
import type { Client } from '../../src/client/client.ts';
import { allKinds } from '../../src/resources/all-kinds.ts';
import { refusedBySettings } from '../../src/resources/tekton/settings-rules.ts';

export interface TestApi {
  readonly api: LocalApi;
  /** Acknowledges early, as the controllers' does. */
  readonly client: Client;
  /** Its folder; removed at close when it was made here. */
  readonly dir: string;
  close(): Promise<void>;
}

/** A complete API server without HTTP, in a folder of its own. */
export function startLocalApi({
  dir,
  ...options
}: { readonly dir?: string } & Partial<Omit<LocalApiOptions, 'directory'>> = {}): TestApi {
  const directory = dir ?? mkdtempSync(join(tmpdir(), 'kf-store-'));
  const api = new LocalApi({
    directory,
    kinds: allKinds,
    admit: (kind, object, old) => refusedBySettings(kind, object, old, {}),
    ...options,
  });
  const client = new InProcessClient({ api, caller: { user: 'test', groups: [] }, acknowledge: 'early' });
  return {
    api,
    client,
    dir: directory,
    async close() {
      await api.close();
      if (dir === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}
