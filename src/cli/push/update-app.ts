/** Changes an App that others may change at the same time. */

import { App } from '../../resources/kf/app.ts';
import { isConflict } from '../../resources/status.ts';
import type { Session } from '../context.ts';
import { isSame } from './app-spec.ts';

/** Writes the change onto the latest App; tries again when someone else was faster. */
export async function updateApp({ client }: Session, app: App, change: (latest: App) => App): Promise<App> {
  let latest = app;
  for (let attempt = 1; ; attempt++) {
    const wanted = change(latest);
    if (isSame(latest, wanted)) return latest;
    try {
      return await client.update(App, wanted);
    } catch (error) {
      if (!isConflict(error) || attempt >= 10) throw error;
      latest = await client.get(App, { namespace: app.metadata.namespace!, name: app.metadata.name });
    }
  }
}
