/** `kf terminate-build`: asks for the end of a Build, and waits for it. */

import { conditionOf, isFinal } from '../../resources/condition.ts';
import { Build } from '../../resources/kf/build.ts';
import { refOf } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { waitFor } from '../wait/observe.ts';
import { getBuild } from './describe-build.ts';
import { withoutLogHint } from './without-log-hint.ts';

export async function terminateBuild(context: Context, name: string): Promise<void> {
  const { io } = context;
  const session = await context.changing();
  const build = await getBuild(session, name);
  if (isFinal(build)) throw new CliError(`Can't terminate completed Build: ${outcomeOf(build)}`);
  const asked = await session.client.patch(Build, refOf(build), {
    type: 'merge',
    body: { spec: { terminated: true } },
  });
  io.note(`Build "${name}" is successfully submitted for termination`);
  const progress = setInterval(() => io.note(`Waiting for Build ${name} to end...`), 30_000);
  try {
    const final = await waitFor(context, Build, refOf(asked), isFinal, { from: asked });
    io.note(final === undefined ? `Build ${name} was deleted.` : `${outcomeOf(final)}.`);
  } finally {
    clearInterval(progress);
  }
}

function outcomeOf(build: Build): string {
  const condition = conditionOf(build, 'Succeeded');
  const { name } = build.metadata;
  if (condition?.status === 'True') return `Build ${name} succeeded`;
  return `Build ${name} failed: ${withoutLogHint(condition?.message ?? condition?.reason)}`;
}
