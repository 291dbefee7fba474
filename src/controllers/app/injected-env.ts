/** The Secret through which service credentials reach an App's Tasks. Pure. */

import type { Draft } from '../../client/client.ts';
import type { Secret } from '../../resources/core/kinds.ts';
import type { App } from '../../resources/kf/app.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';
import { type BoundService, databaseUrl, vcapServices } from '../service/vcap-services.ts';

export const injectedEnvSecretName = (appName: string): string => childName('kf-injected-envs-', appName);

/** Without service bindings VCAP_SERVICES is the empty map, as in Kf. */
export function injectedEnvSecret(
  app: App,
  services: readonly BoundService[],
): Draft<Secret> & { readonly data: Readonly<Record<string, string>> } {
  const url = databaseUrl(services);
  return {
    metadata: {
      name: injectedEnvSecretName(app.metadata.name),
      ...(app.metadata.namespace === undefined ? {} : { namespace: app.metadata.namespace }),
      labels: { [labels.appName]: app.metadata.name, [labels.managedBy]: 'kf' },
      ownerReferences: [controllerRef(app)],
    },
    type: 'Opaque',
    data: {
      VCAP_SERVICES: base64(vcapServices(services)),
      ...(url === undefined ? {} : { DATABASE_URL: base64(url) }),
    },
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
