/** How a push or restage ends: the App as it is now, or why its build failed. */

import { conditionOf } from '../../resources/condition.ts';
import { type App, hasImageCommand } from '../../resources/kf/app.ts';
import { hostStackBuilder } from '../../resources/kf/build.ts';
import { buildFailedTips } from '../builds/build-tips.ts';
import { withoutLogHint } from '../builds/without-log-hint.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatDescription } from '../output/describe.ts';
import { formatTips } from '../output/tips.ts';
import { tipFlags } from '../tip-flags.ts';
import { startCommandOf, startCommandText } from './app-spec.ts';

/** @throws CliError when the build failed */
export function checkBuild(context: Context, app: App): void {
  const { io } = context;
  const condition = conditionOf(app, 'BuildReady');
  if (condition?.status !== 'False') return;
  const message = withoutLogHint(condition.message ?? condition.reason ?? '');
  io.note(`[deploy] Failed to build: ${message}`);
  io.note(imageInUse(app));
  throw new CliError(`build failed: ${message}`, {
    tips: buildFailedTips(app, tipFlags(context.flags, app.metadata.namespace!)),
  });
}

/** Which image Tasks use after a failed build. */
function imageInUse({ metadata, status }: App): string {
  if (status?.image === undefined)
    return `App "${metadata.name}" is there, without an image: its Tasks cannot start until a push succeeds.`;
  const build = status.latestReadyBuild ? ` (Build ${status.latestReadyBuild})` : '';
  return `The last good image${build} stays in use.`;
}

export async function report(context: Context, space: string, app: App): Promise<void> {
  const { io } = context;
  const { name } = app.metadata;
  io.note('Successfully deployed without starting');
  await io.out(
    formatDescription([
      ['Name', name],
      ['Space', space],
      ['Routes', ''],
      ['Instances', 'stopped'],
      ['Start command', startCommandText(app)],
    ]),
  );
  const flags = tipFlags(context.flags, space);
  const command = startCommandOf(app) === undefined && !hasImageCommand(app) ? ' -c COMMAND' : '';
  const tips = [
    { description: 'Run a Task', command: `kf run-task ${name}${command} --follow${flags}` },
    { description: "List App's Tasks", command: `kf tasks ${name}${flags}` },
  ];
  for (const line of formatTips(tips)) io.note(line);
  io.note('');
  if (app.spec.build.spec?.name !== hostStackBuilder) return;
  io.note('Built on the stack "host", this machine\'s own system: a cluster wants a portable stack or a Dockerfile.');
}
