/** `kf restage`: builds an App's image again, of the source that it was pushed with. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { isOwnImage } from '../../resources/image-reference.ts';
import type { App } from '../../resources/kf/app.ts';
import { SourcePackage } from '../../resources/kf/source-package.ts';
import { Space } from '../../resources/kf/space.ts';
import { getApp } from '../apps/find-app.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { tipFlags } from '../tip-flags.ts';
import { buildInputOf, recipeOf, withBuild, withImage } from './app-spec.ts';
import type { SourceDigest } from './archive.ts';
import { checkBuild } from './result.ts';
import { updateApp } from './update-app.ts';
import { announce, type UploadedSource } from './upload-source.ts';
import { pushTimeout, watchBuild } from './watch-build.ts';

export async function restage(context: Context, name: string): Promise<void> {
  pushTimeout(context.env);
  const session = await context.changing();
  const app = await getApp(session, name);
  if (app.metadata.deletionTimestamp !== undefined) throw new CliError(`App "${name}" is being deleted`);
  if (app.spec.build.image !== undefined && !isOwnImage(app.spec.build.image)) return pullAgain(context, session, app);
  const source = await keptSource(context, session, app);
  const space = await getIfExists(session.client, Space, { name: session.space });
  context.io.note(`Restaging App "${name}" in Space "${session.space}"...`);
  // Each Build has a package of its own, so that the end of an older Build takes nothing from this one.
  const { number, name: sourcePackage } = await announceKept(session, app, source);
  const recipe = recipeOf(app);
  const buildInput = buildInputOf(source.sha256, recipe, space?.spec?.buildConfig?.env);
  const updated = await updateApp(session, app, (latest) =>
    withBuild(latest, { recipe, number, sourcePackage, buildInput, anew: true }),
  );
  checkBuild(context, await watchBuild(context, updated));
  context.io.note(`"${name}" successfully restaged`);
}

/** What the tag of its image means now. */
async function pullAgain(context: Context, session: Session, app: App): Promise<void> {
  const { name } = app.metadata;
  context.io.note(`Restaging App "${name}" in Space "${session.space}"...`);
  const updated = await updateApp(session, app, (latest) =>
    withImage(latest, latest.spec.build.image ?? '', latest.spec.build.imagePullSecrets?.[0]?.name),
  );
  checkBuild(context, await watchBuild(context, updated));
  context.io.note(`"${name}" successfully restaged`);
}

async function announceKept({ client, space }: Session, app: App, source: SourceDigest): Promise<UploadedSource> {
  const announced = await announce(client, app, source);
  const ref = { namespace: space, name: announced.name };
  try {
    await client.uploadExisting(ref);
    return announced;
  } catch (error) {
    // Nothing refers to it yet.
    await client.delete(SourcePackage, ref).catch(() => undefined);
    throw error;
  }
}

/** @throws CliError when there is nothing to build of */
async function keptSource(context: Context, { client, space }: Session, app: App): Promise<SourceDigest> {
  const { name } = app.metadata;
  const packageName = app.spec.build.spec?.sourcePackage?.name;
  const tips = [{ description: 'Push it again', command: `kf push ${name} --task${tipFlags(context.flags, space)}` }];
  if (packageName === undefined) throw new CliError(`App "${name}" was not built of source`, { tips });
  const found = await getIfExists(client, SourcePackage, { namespace: space, name: packageName });
  const sha256 = found?.spec.checksum.value;
  if (found === undefined || sha256 === undefined || !(await client.hasSource(sha256)))
    throw new CliError(`the source of App "${name}" is not on the server any more`, { tips });
  return { sha256, size: found.spec.size };
}
