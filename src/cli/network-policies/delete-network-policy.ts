/** `kf delete-network-policy`. */

import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { controllerOf } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import { type DeleteFlags, deleteAndWait } from '../delete-object.ts';
import { CliError } from '../errors.ts';
import { getPolicy } from './find-network-policy.ts';

export async function deleteNetworkPolicy(context: Context, name: string, flags: DeleteFlags): Promise<void> {
  const session = await context.changing();
  const policy = await getPolicy(session, name);
  if (controllerOf(policy)?.kind === 'Space')
    throw new CliError(`network policy "${name}" is a setting of the Space`, {
      tips: [
        {
          description: 'Change the setting',
          command: `kf configure-space ${name === 'space-build-policy' ? 'set-build-egress-policy' : 'set-app-egress-policy'} ${session.space} PermitAll`,
        },
      ],
    });
  context.io.note(`Deleting Network Policy "${name}" in Space "${session.space}"`);
  await deleteAndWait(context, session, { kind: NetworkPolicy, ref: { namespace: session.space, name }, ...flags });
}
