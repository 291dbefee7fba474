/** Tells clients what the stack `host` is at present, so that `kf app` and `kf push` see when the machine has changed. */

import type { Client } from '../client/client.ts';
import { getIfExists } from '../client/get-if-exists.ts';
import { ConfigMap } from '../resources/core/kinds.ts';

/** Read by the command line; one key per stack, its value JSON. */
const announcement = { namespace: 'kube-system', name: 'kf-stacks' };
/** Milliseconds between looks at the machine; a look is a few stats. */
const interval = 60_000;

interface Options {
  readonly client: Client;
  readonly fingerprint: () => Promise<string>;
  readonly onError: (message: string, error: unknown) => void;
}

export function announceStack({ client, fingerprint, onError }: Options): { stop(): void } {
  let told = '';
  const look = async (): Promise<void> => {
    const now = await fingerprint();
    if (now === told) return;
    const description = "This machine's own /usr, read-only; nothing to download";
    await write(client, { host: JSON.stringify({ description, fingerprint: now }) });
    told = now;
  };
  const safely = (): void => void look().catch((error) => onError('announcing the stack', error));
  safely();
  const timer = setInterval(safely, interval).unref();
  return { stop: () => clearInterval(timer) };
}

async function write(client: Client, data: Readonly<Record<string, string>>): Promise<void> {
  const found = await getIfExists(client, ConfigMap, announcement);
  if (found === undefined) await client.create(ConfigMap, { metadata: announcement, data });
  else if (JSON.stringify(found.data) !== JSON.stringify(data)) await client.update(ConfigMap, { ...found, data });
}
