/** A push of an image that a registry has. */

import { hostStackRef, isOwnImage, ownRegistry, parseImageReference } from '../../resources/image-reference.ts';
import { App } from '../../resources/kf/app.ts';
import { Build } from '../../resources/kf/build.ts';
import type { Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { withImage, withSettings } from './app-spec.ts';
import type { ImageSource } from './image-source.ts';
import type { AppPlan } from './plan.ts';
import { keepLogin, passwordVariable, type RegistryLogin } from './registry-secret.ts';
import { updateApp } from './update-app.ts';

/** What its tag means may have changed: it is asked for each time. */
export async function requestImage(
  session: Session,
  app: App,
  { plan, login }: { readonly plan: AppPlan; readonly login: RegistryLogin | undefined },
): Promise<App> {
  const { image } = plan.image as Extract<ImageSource, { kind: 'registry' }>;
  const secret = login === undefined ? keptSecret(app, image) : await keepLogin(session.client, app, login);
  return updateApp(session, app, (latest) => withImage(withSettings(latest, plan), image, secret));
}

/** @throws CliError when there is a user without a password */
export function loginOf(env: NodeJS.ProcessEnv, { image }: AppPlan): RegistryLogin | undefined {
  if (image?.kind !== 'registry' || image.username === undefined) return undefined;
  const password = env[passwordVariable];
  if (!password)
    throw new CliError(
      `the password of ${image.username} is missing: it is read from the variable ${passwordVariable}`,
    );
  return { image: image.image, username: image.username, password };
}

/**
 * An image of this server is there, or nowhere: no registry has it.
 * @throws CliError when no App and no Build has it
 */
export async function requireOwnImage({ client }: Session, { image }: AppPlan): Promise<void> {
  if (image?.kind !== 'registry' || !isOwnImage(image.image) || image.image === hostStackRef) return;
  const has = ({ status }: App | Build): boolean => status?.image === image.image;
  if ((await client.list(App, {})).items.some(has) || (await client.list(Build, {})).items.some(has)) return;
  throw new CliError(
    `this server has no image ${image.image}: the ${ownRegistry} images are those that it built, as kf app APP_NAME names them, with their digest`,
    { tips: [{ description: 'List the Apps', command: `kf apps` }] },
  );
}

/** The credentials of an earlier push hold for the same registry. */
function keptSecret({ spec: { build } }: App, image: string): string | undefined {
  if (build.image === undefined) return undefined;
  const isSame = parseImageReference(build.image).domain === parseImageReference(image).domain;
  return isSame ? build.imagePullSecrets?.[0]?.name : undefined;
}
