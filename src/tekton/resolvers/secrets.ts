/** Texts out of Secrets of the namespace that asks. */

import type { Client } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { ResolverError } from './resolver.ts';

/** @throws ResolverError, in Tekton's words */
export async function secretText(client: Client, namespace: string, name: string, key: string): Promise<string> {
  const secret = await getIfExists(client, Secret, { namespace, name });
  if (secret === undefined)
    throw new ResolverError(`cannot get API token, secret ${name} not found in namespace ${namespace}`);
  const data = secret.data?.[key];
  if (data === undefined)
    throw new ResolverError(`cannot get API token, key ${key} not found in secret ${name} in namespace ${namespace}`);
  // As an editor leaves it.
  return Buffer.from(data, 'base64')
    .toString()
    .replace(/\r?\n$/, '');
}
