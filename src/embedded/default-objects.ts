/** What a fresh server starts with: the Space `dev`. */

import type { Client } from '../client/client.ts';
import { getIfExists } from '../client/get-if-exists.ts';
import { ConfigMap } from '../resources/core/kinds.ts';
import { Space } from '../resources/kf/space.ts';
import { isAlreadyExists } from '../resources/status.ts';

export const defaultSpace = 'dev';

/** Remembers that the Space was made, so that a person who deletes it has deleted it. */
const marker = { namespace: 'kube-system', name: 'kf-initialized' };

export async function makeDefaultObjects(client: Client): Promise<void> {
  if ((await getIfExists(client, ConfigMap, marker)) !== undefined) return;
  try {
    await client.create(Space, { metadata: { name: defaultSpace }, spec: {} });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  await client.create(ConfigMap, { metadata: marker });
}
