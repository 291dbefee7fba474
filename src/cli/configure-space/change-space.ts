/** What every subcommand of `kf configure-space` does: read, change, write, say what changed, wait. */

import { isFinal } from '../../resources/condition.ts';
import { errorMessage } from '../../resources/errors.ts';
import { Space } from '../../resources/kf/space.ts';
import type { SpaceSpec } from '../../resources/kf/space-spec.ts';
import { isConflict } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatValue } from '../output/objects.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { waitFor } from '../wait/observe.ts';
import { settingsDiff } from './diff.ts';

export interface SpaceChange {
  readonly isAsync: boolean;
  change(spec: SpaceSpec): SpaceSpec;
  before(session: Session): Promise<void>;
}

/** @param name default: the targeted Space */
export async function changeSpace(context: Context, name: string | undefined, wanted: SpaceChange): Promise<void> {
  const space = name ?? (await context.space());
  const session = { ...(await context.changing(space)), space };
  // A bad value makes nothing.
  applied(wanted, await requireSpace(session));
  await wanted.before(session);
  const { before, after } = await write(session, wanted);
  const diff = settingsDiff(before.spec ?? {}, after.spec ?? {});
  if (diff.length === 0) return context.io.out('No changes\n');
  await context.io.out(`Space Diff (-old +new):\n${diff.map((line) => `${line}\n`).join('')}`);
  if (wanted.isAsync) return;
  context.io.note('configuring Space...');
  const generation = after.metadata.generation ?? 0;
  const seen = (one: Space): boolean => (one.status?.observedGeneration ?? 0) >= generation && isFinal(one);
  if ((await waitFor(context, Space, { name: space }, seen, { from: after })) === undefined)
    throw new CliError(`Space "${space}" was deleted`);
  context.io.note('Success');
}

/** Writes unless nothing changes; again when someone else was faster. */
async function write(
  session: Session,
  wanted: SpaceChange,
): Promise<{ readonly before: Space; readonly after: Space }> {
  for (let attempt = 1; ; attempt++) {
    const before = await requireSpace(session);
    const spec = applied(wanted, before);
    if (settingsDiff(before.spec ?? {}, spec).length === 0) return { before, after: before };
    try {
      return { before, after: await session.client.update(Space, { ...before, spec }) };
    } catch (error) {
      if (!isConflict(error) || attempt >= 10) throw error;
    }
  }
}

function applied({ change }: SpaceChange, space: Space): SpaceSpec {
  try {
    return change(space.spec ?? {});
  } catch (error) {
    throw new CliError(errorMessage(error));
  }
}

export async function printSetting(
  context: Context,
  name: string | undefined,
  read: (space: Space) => unknown,
  format: 'json' | 'yaml',
): Promise<void> {
  const space = name ?? (await context.space());
  const found = await requireSpace({ client: await context.client(), space });
  await context.io.out(await formatValue(format, read(found)));
}
