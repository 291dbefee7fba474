/** The credentials of an App's registry, as a Secret that belongs to the App. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { parseImageReference } from '../../resources/image-reference.ts';
import type { App } from '../../resources/kf/app.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, isControlledBy } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';
import { CliError } from '../errors.ts';
import type { KfClient } from '../kf-client.ts';

/** Cloud Foundry's variable. */
export const passwordVariable = 'CF_DOCKER_PASSWORD';

export interface RegistryLogin {
  readonly image: string;
  readonly username: string;
  readonly password: string;
}

/** Makes the Secret, or changes it. @returns its name. @throws CliError when another one has the name */
export async function keepLogin(client: KfClient, app: App, login: RegistryLogin): Promise<string> {
  const ref = { namespace: app.metadata.namespace!, name: childName(app.metadata.name, '-registry') };
  const data = { '.dockerconfigjson': Buffer.from(dockerConfig(login)).toString('base64') };
  const existing = await getIfExists(client, Secret, ref);
  if (existing === undefined)
    await client.create(Secret, {
      metadata: {
        ...ref,
        labels: { [labels.appName]: app.metadata.name, [labels.managedBy]: 'kf' },
        ownerReferences: [controllerRef(app)],
      },
      type: 'kubernetes.io/dockerconfigjson',
      data,
    });
  else if (isControlledBy(existing, app)) await client.update(Secret, { ...existing, data });
  else throw new CliError(`the Secret "${ref.name}" is there already, and belongs to somebody else`);
  return ref.name;
}

/** Docker's own registry has an old name in such files. */
const keyOf = (domain: string): string => (domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain);

function dockerConfig({ image, username, password }: RegistryLogin): string {
  const { domain } = parseImageReference(image);
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  return JSON.stringify({ auths: { [keyOf(domain)]: { username, password, auth } } });
}
