/** Before the data that tell of them go. */

import { errorMessage } from '../../../resources/errors.ts';
import type { Context } from '../../context.ts';
import { killTasks } from '../end-tasks.ts';
import { findServer } from '../server-file.ts';
import { launch, type StartOptions } from '../start.ts';

/** Their ends are noted where a server can be had; where not, the caller ends what runs all the same. */
export async function endAllTasks(context: Context, options: StartOptions): Promise<void> {
  try {
    // Only a running server ends tasks.
    if ((await findServer(options.home)) === undefined) await launch(options);
    await killTasks(context.forEmbedded());
  } catch (error) {
    context.io.note(`WARNING: ${errorMessage(error)}; what runs is ended without it.`);
  }
}
