/** `kf push`: plans and checks all Apps, then pushes one after the other. */

import type { Context, Session } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { type PushFlags, planPush } from './plan.ts';
import { type PreparedPush, performPush, preparePush } from './push-app.ts';

export async function pushAction(context: Context, name: string | undefined, flags: PushFlags): Promise<void> {
  const plan = await planPush(context.cwd, name, flags);
  for (const warning of plan.warnings) context.io.note(`WARN ${warning}`);
  const session: Session = await context.changing();
  await requireSpace(session);
  // What is wrong with the last App is said before the first one is changed.
  const prepared: PreparedPush[] = [];
  try {
    for (const app of plan.apps) prepared.push(await preparePush(context, session, app));
    await performAll(context, session, prepared);
  } finally {
    for (const { source } of prepared) source?.tree.close();
  }
}

async function performAll(context: Context, session: Session, prepared: readonly PreparedPush[]): Promise<void> {
  let unbuilt = prepared.length;
  // A push that its reader cuts short has not succeeded; one that only tells of it has.
  context.io.onUnread(() => (unbuilt === 0 ? exitCodes.ok : exitCodes.error));
  for (const [index, one] of prepared.entries()) {
    if (prepared.length > 1) context.io.note(`Pushing App "${one.plan.name}" (${index + 1} of ${prepared.length})...`);
    try {
      await performPush(context, session, one, () => unbuilt--);
    } catch (error) {
      noteNotPushed(context, prepared.slice(index + 1));
      throw error;
    }
  }
}

function noteNotPushed({ io }: Context, rest: readonly PreparedPush[]): void {
  if (rest.length > 0) io.note(`Not pushed: ${rest.map(({ plan }) => plan.name).join(', ')}`);
}
