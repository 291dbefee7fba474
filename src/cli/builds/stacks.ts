/** The stacks that a server builds on; it announces them in the ConfigMap `kube-system/kf-stacks`. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { ConfigMap } from '../../resources/core/kinds.ts';
import { StatusError } from '../../resources/status.ts';
import type { KfClient } from '../kf-client.ts';

export interface Stack {
  readonly name: string;
  readonly description: string;
  /** Distribution and interpreters; absent when the server does not tell. */
  readonly fingerprint?: string;
}

const announced = { namespace: 'kube-system', name: 'kf-stacks' };
const host: Stack = { name: 'host', description: "This machine's own /usr, read-only; nothing to download" };

/** By name; `host` at least. Each value of the ConfigMap is JSON: description, fingerprint. */
export async function listStacks(client: KfClient): Promise<readonly Stack[]> {
  const found = await getIfExists(client, ConfigMap, announced).catch((error) => {
    // Not everyone may look there.
    if (error instanceof StatusError) return undefined;
    throw error;
  });
  const stacks = Object.entries(found?.data ?? {}).map(([name, text]) => ({ ...describe(name, text), name }));
  return stacks.some(({ name }) => name === host.name) ? stacks : [host, ...stacks];
}

function describe(name: string, text: string): Omit<Stack, 'name'> {
  const fallback = name === host.name ? host.description : '';
  try {
    const { description = fallback, fingerprint } = JSON.parse(text) as Partial<Stack>;
    return { description, ...(fingerprint === undefined ? {} : { fingerprint }) };
  } catch {
    return { description: fallback };
  }
}
