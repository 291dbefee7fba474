/** `kf build-logs`: the log of a Build, to its end. */

import { conditionOf, isFinal } from '../../resources/condition.ts';
import { Build } from '../../resources/kf/build.ts';
import { refOf } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import { getBuild } from '../describe-build.ts';
import { Exit } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { waitFor } from '../wait/observe.ts';
import { patiently } from '../wait/patience.ts';
import { SignOfLife } from '../wait/sign-of-life.ts';
import { buildLogSource } from './log-source.ts';
import { readBytes } from './read-log.ts';

export async function printBuildLog(context: Context, name: string): Promise<void> {
  const { io } = context;
  const space = await context.space();
  const build = await patiently(context, (client) => getBuild({ client, space }, name));
  const stop = new AbortController();
  const alive = new SignOfLife(context, `following the log of Build ${name}`);
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
    if (final !== undefined) sayOutcome(context, final);
  } finally {
    interrupt.remove();
    alive.stop();
  }
  if (!stop.signal.aborted) return;
  io.note(`Stopped watching; Build ${name} goes on.`);
  throw new Exit(exitCodes.interrupted);
}

/** As in Kf the exit code is 0: the log was shown. */
function sayOutcome({ io }: Context, build: Build): void {
  const condition = conditionOf(build, 'Succeeded');
  const { name } = build.metadata;
  io.note(
    condition?.status === 'True'
      ? `Build ${name} succeeded`
      : // Where the log is need not be said here.
        `Build ${name} failed: ${(condition?.message ?? condition?.reason)?.replace(/; see: kf build-logs .*$/, '')}`,
  );
}
