/** The Secret that holds the credentials of one binding: a key per top-level key, its value raw JSON. Pure. */

import type { Draft } from '../../client/client.ts';
import type { Secret } from '../../resources/core/kinds.ts';
import type { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';
import type { Params } from './params.ts';

const credentialsSecretName = (binding: string): string => childName('credentials-', binding);

/** @param paramsVersion resourceVersion of the parameters that the credentials are made from */
export function credentialsSecret(
  binding: ServiceInstanceBinding,
  credentials: Params,
  paramsVersion: string,
): Draft<Secret> & { readonly data: Readonly<Record<string, string>> } {
  const { name, namespace } = binding.metadata;
  return {
    metadata: {
      name: credentialsSecretName(name),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { [labels.appName]: binding.spec.app.name, [labels.managedBy]: 'kf' },
      annotations: { [annotations.paramsVersion]: paramsVersion },
      ownerReferences: [controllerRef(binding)],
    },
    type: 'Opaque',
    data: Object.fromEntries(
      Object.entries(credentials).map(([key, value]) => [key, Buffer.from(JSON.stringify(value)).toString('base64')]),
    ),
  };
}

/** What `credentialsSecret` was made from; a value that is no JSON, of a Secret made by hand, is text. */
export const credentialsIn = (secret: Secret): Params =>
  Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [key, parsed(Buffer.from(value, 'base64').toString())]),
  );

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
