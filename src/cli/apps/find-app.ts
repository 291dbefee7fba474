/** Finding an App, with errors that say which of App and Space is missing. */

import { App } from '../../resources/kf/app.ts';
import { isNotFound } from '../../resources/status.ts';
import type { Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { didYouMean } from '../similar.ts';
import { requireSpace } from '../spaces/find-space.ts';

/** @throws CliError when the App or its Space does not exist */
export async function getApp({ client, space, serverFlags = '' }: Session, name: string, prefix = ''): Promise<App> {
  try {
    return await client.get(App, { namespace: space, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await requireSpace({ client, space, serverFlags });
    throw new CliError(`${prefix}${error.message}${await didYouMean(client, App, name, space)}`, {
      tips: [{ description: 'List the Apps', command: `kf apps --space ${space}${serverFlags}` }],
    });
  }
}
