/** `kf delete-hook`. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { Hook } from '../../resources/kf/hook.ts';
import type { Context } from '../context.ts';
import { type DeleteFlags, deleteAndWait } from '../delete-object.ts';
import { CliError } from '../errors.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { tipFlags } from '../tip-flags.ts';

export async function deleteHookAction(context: Context, name: string, flags: DeleteFlags): Promise<void> {
  const session = await context.changing();
  const ref = { namespace: session.space, name };
  if ((await getIfExists(session.client, Hook, ref)) === undefined) {
    await requireSpace(session);
    throw new CliError(`hooks.kf.dev "${name}" not found in Space "${session.space}"`, {
      tips: [{ description: 'List the Hooks', command: `kf hooks${tipFlags(context.flags, session.space)}` }],
    });
  }
  context.io.note(`Deleting Hook "${name}" in Space "${session.space}"`);
  await deleteAndWait(context, session, { kind: Hook, ref, ...flags });
}
