/** `kf build-logs`: the log of a Build, to its end. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { App } from '../../resources/kf/app.ts';
import { Build } from '../../resources/kf/build.ts';
import { refOf } from '../../resources/meta.ts';
import { getBuild } from '../builds/describe-build.ts';
import { withoutLogHint } from '../builds/without-log-hint.ts';
import type { Context, Session } from '../context.ts';
import { CliError, Exit } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { Heartbeat } from '../wait/heartbeat.ts';
import { waitFor } from '../wait/observe.ts';
import { patiently } from '../wait/patience.ts';
import { buildLogSource } from './log-source.ts';
import { readBytes } from './read-log.ts';

/** @param named a Build, or an App, which means its newest Build */
export async function printBuildLog(
  context: Context,
  named: string,
  { recent = false }: { readonly recent?: boolean } = {},
): Promise<void> {
  const { io } = context;
  const space = await context.space();
  const build = await patiently(context, (client) => findBuild({ client, space }, named));
  const { name } = build.metadata;
  if (recent) return printSoFar(context, build);
  const stop = new AbortController();
  const alive = new Heartbeat(context, `following the log of Build ${name}`);
  const interrupt = io.onInterrupt(() => stop.abort());
  try {
    io.note(`Reading build logs of Build ${name}`);
    const source = buildLogSource(refOf(build));
    const { signal } = stop;
    for await (const chunk of readBytes(context, source, { follow: !isFinal(build), signal })) {
      alive.heard();
      await io.out(chunk);
    }
    const final = await waitFor(context, Build, refOf(build), isFinal, { from: build, signal });
    if (final !== undefined) reportOutcome(context, final);
  } finally {
    interrupt.remove();
    alive.stop();
  }
  if (!stop.signal.aborted) return;
  io.note(`Stopped watching; Build ${name} goes on.`);
  throw new Exit(exitCodes.interrupted);
}

/** A Build of this name comes before an App. @throws CliError when there is neither */
async function findBuild(session: Session, named: string): Promise<Build> {
  try {
    return await getBuild(session, named);
  } catch (error) {
    const app = await getIfExists(session.client, App, { namespace: session.space, name: named });
    if (app === undefined) throw error;
    if (app.status?.latestBuild === undefined) throw new CliError(`App "${named}" has no Build yet`);
    return getBuild(session, app.status.latestBuild);
  }
}

async function printSoFar(context: Context, build: Build): Promise<void> {
  context.io.note(`Reading build logs of Build ${build.metadata.name}`);
  for await (const chunk of readBytes(context, buildLogSource(refOf(build)), { follow: false }))
    await context.io.out(chunk);
  if (isFinal(build)) reportOutcome(context, build);
  else context.io.note(`Build ${build.metadata.name} goes on.`);
}

/** As in Kf the exit code is 0: the log was shown. */
function reportOutcome({ io }: Context, build: Build): void {
  const condition = conditionOf(build, 'Succeeded');
  const { name } = build.metadata;
  io.note(
    condition?.status === 'True'
      ? `Build ${name} succeeded`
      : `Build ${name} failed: ${withoutLogHint(condition?.message ?? condition?.reason)}`,
  );
}
