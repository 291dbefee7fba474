/** The credentials for registries that `imagePullSecrets` name, as one `.dockerconfigjson`. */

import { Secret, ServiceAccount } from '../resources/core/kinds.ts';
import type { Pod } from '../resources/core/pod.ts';
import type { Build } from '../resources/kf/build.ts';
import { Space } from '../resources/kf/space.ts';
import type { Client } from './client.ts';
import { getIfExists } from './get-if-exists.ts';

/** Undefined without any. A Secret that is not there is left out, as in Kubernetes: the registry says the rest. */
export async function readCredentials(
  client: Client,
  namespace: string,
  secrets: readonly { readonly name?: string }[],
): Promise<string | undefined> {
  const names = secrets.map(({ name }) => name).filter((name) => name !== undefined && name !== '');
  if (names.length === 0) return undefined;
  const found = await Promise.all(names.map((name) => getIfExists(client, Secret, { namespace, name: name! })));
  return mergeCredentials(found.filter((secret) => secret !== undefined));
}

/** Those of the Pod; one that names none has its service account's, as in Kubernetes. */
export async function podCredentials(client: Client, { metadata, spec }: Pod): Promise<string | undefined> {
  const { namespace = '' } = metadata;
  const own = spec.imagePullSecrets ?? [];
  if (own.length > 0) return readCredentials(client, namespace, own);
  const account = await getIfExists(client, ServiceAccount, { namespace, name: spec.serviceAccountName || 'default' });
  return readCredentials(client, namespace, account?.imagePullSecrets ?? []);
}

/** Those of the Build; one that names none has those of its Space's service account for builds, else of `default`. */
export async function buildCredentials(client: Client, { metadata, spec }: Build): Promise<string | undefined> {
  const { namespace = '' } = metadata;
  const own = spec.imagePullSecrets ?? [];
  if (own.length > 0) return readCredentials(client, namespace, own);
  const space = await getIfExists(client, Space, { name: namespace });
  const name = space?.spec?.buildConfig?.serviceAccount || 'default';
  const account = await getIfExists(client, ServiceAccount, { namespace, name });
  return readCredentials(client, namespace, account?.imagePullSecrets ?? []);
}

type Auths = Readonly<Record<string, unknown>>;

/** The first one that knows a registry counts. Pure. */
function mergeCredentials(secrets: readonly Secret[]): string | undefined {
  const auths = Object.assign({}, ...secrets.toReversed().map(authsOf)) as Auths;
  return Object.keys(auths).length === 0 ? undefined : JSON.stringify({ auths });
}

function authsOf({ data, stringData }: Secret): Auths {
  const text = (key: string): string | undefined =>
    stringData?.[key] ?? (data?.[key] === undefined ? undefined : Buffer.from(data[key], 'base64').toString());
  try {
    const config = text('.dockerconfigjson');
    if (config !== undefined) return (JSON.parse(config) as { readonly auths?: Auths }).auths ?? {};
    // The older form is the inner part alone.
    return JSON.parse(text('.dockercfg') ?? '{}') as Auths;
  } catch {
    return {};
  }
}
