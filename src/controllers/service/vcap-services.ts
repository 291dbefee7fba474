/** VCAP_SERVICES and DATABASE_URL, as Cloud Foundry and Kf write them. Pure. */

import type { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import type { Params } from './params.ts';

/** A binding that Tasks get, with its credentials. */
export interface BoundService {
  readonly binding: ServiceInstanceBinding;
  readonly credentials: Params;
  /** Version of the parameters in the credentials. */
  readonly paramsVersion: string | undefined;
}

export const nameOf = ({ binding }: BoundService): string =>
  binding.status?.bindingName ?? binding.spec.instanceRef.name;

/** By label, that is by class: what Cloud Foundry's libraries expect. */
export function vcapServices(services: readonly BoundService[]): string {
  const map: Record<string, object[]> = {};
  for (const service of services) {
    const { spec, status } = service.binding;
    const label = status?.className ?? 'user-provided';
    const override = spec.bindingNameOverride;
    const entry = {
      ...(override ? { binding_name: override } : {}),
      instance_name: spec.instanceRef.name,
      name: nameOf(service),
      label,
      tags: status?.tags ?? [],
      ...(status?.planName ? { plan: status.planName } : {}),
      credentials: service.credentials,
      ...volumeMounts(service),
    };
    map[label] = [...(map[label] ?? []), entry];
  }
  return JSON.stringify(map);
}

function volumeMounts({ binding }: BoundService): object {
  const { mount, readOnly } = binding.status?.volumeStatus ?? {};
  if (mount === undefined) return {};
  return { volume_mounts: [{ container_dir: mount, device_type: 'shared', mode: readOnly ? 'ro' : 'rw' }] };
}

/** The first `uri` that is text, in the order of the bindings' names. */
export function databaseUrl(services: readonly BoundService[]): string | undefined {
  const uris = services.map(({ credentials }) => credentials.uri);
  return uris.find((uri): uri is string => typeof uri === 'string');
}
