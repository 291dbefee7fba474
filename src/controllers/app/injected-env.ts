/** The Secret through which service credentials reach an App's Tasks. Pure. */

import type { Draft } from '../../client/client.ts';
import type { Secret } from '../../resources/core/kinds.ts';
import type { App } from '../../resources/kf/app.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';

export const injectedEnvSecretName = (appName: string): string => childName('kf-injected-envs-', appName);

/** Without service bindings VCAP_SERVICES is the empty map, as in Kf. */
export function injectedEnvSecret(app: App): Draft<Secret> {
  return {
    metadata: {
      name: injectedEnvSecretName(app.metadata.name),
      ...(app.metadata.namespace === undefined ? {} : { namespace: app.metadata.namespace }),
      labels: { [labels.appName]: app.metadata.name, [labels.managedBy]: 'kf' },
      ownerReferences: [controllerRef(app)],
    },
    type: 'Opaque',
    stringData: { VCAP_SERVICES: '{}' },
  };
}
