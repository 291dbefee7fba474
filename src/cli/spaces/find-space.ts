/** Finding a Space. */

import { Space } from '../../resources/kf/space.ts';
import { isNotFound } from '../../resources/status.ts';
import type { Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { didYouMean } from '../similar.ts';

/** @throws CliError `Space "x" doesn't exist` */
export async function requireSpace({ client, space, serverFlags = '' }: Session): Promise<Space> {
  try {
    return await client.get(Space, { name: space });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new CliError(`Space "${space}" doesn't exist${await didYouMean(client, Space, space)}`, {
      tips: [
        { description: 'List the Spaces', command: `kf spaces${serverFlags}` },
        { description: 'Choose one', command: `kf target SPACE_NAME${serverFlags}` },
        ...(mayBe(space) ? [{ description: 'Create it', command: `kf create-space ${space}${serverFlags}` }] : []),
      ],
    });
  }
}

/** Whether a Space can have this name. */
const mayBe = (name: string): boolean =>
  Space.validate?.({ apiVersion: 'kf.dev/v1alpha1', kind: 'Space', metadata: { name }, spec: {} }).length === 0;
