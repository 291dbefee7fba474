/** `kf push`: plans, then pushes one App after the other. */

import { requireSpace } from '../apps.ts';
import type { Context, Session } from '../context.ts';
import { type PushFlags, planPush } from './plan.ts';
import { pushApp } from './push-app.ts';

export async function pushAction(context: Context, name: string | undefined, flags: PushFlags): Promise<void> {
  const plan = await planPush(context.cwd, name, flags);
  for (const warning of plan.warnings) context.io.note(`WARN ${warning}`);
  const session: Session = await context.changing();
  await requireSpace(session);
  for (const app of plan.apps) await pushApp(context, session, app);
}
