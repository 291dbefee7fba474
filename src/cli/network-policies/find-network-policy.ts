/** Finding a NetworkPolicy, with errors that say which of it and Space is missing. */

import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { isNotFound } from '../../resources/status.ts';
import type { Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { requireSpace } from '../spaces/find-space.ts';

/** @throws CliError when it or the Space does not exist */
export async function getPolicy(session: Session, name: string): Promise<NetworkPolicy> {
  const { client, space, serverFlags = '' } = session;
  try {
    return await client.get(NetworkPolicy, { namespace: space, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await requireSpace(session);
    throw new CliError(`network policy "${name}" not found in Space "${space}"`, {
      tips: [{ description: 'List the policies', command: `kf network-policies --space ${space}${serverFlags}` }],
    });
  }
}
