/** A push of an image that a registry has. */

import { parseImageReference } from '../../resources/image-reference.ts';
import type { App } from '../../resources/kf/app.ts';
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

/** The credentials of an earlier push hold for the same registry. */
function keptSecret({ spec: { build } }: App, image: string): string | undefined {
  if (build.image === undefined) return undefined;
  const isSame = parseImageReference(build.image).domain === parseImageReference(image).domain;
  return isSame ? build.imagePullSecrets?.[0]?.name : undefined;
}
