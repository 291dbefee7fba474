/** The secrets and config maps that a Pod names, read once before it starts. */

import type { Client } from '../../../client/client.ts';
import { getIfExists } from '../../../client/get-if-exists.ts';
import { ConfigMap, Secret } from '../../../resources/core/kinds.ts';
import type { Pod } from '../../../resources/core/pod.ts';
import { containersOf } from '../../../resources/core/pod-containers.ts';

type Data = Readonly<Record<string, Buffer>>;

/** Data by object name; undefined for an object that does not exist. */
export interface References {
  readonly secrets: ReadonlyMap<string, Data | undefined>;
  readonly configMaps: ReadonlyMap<string, Data | undefined>;
}

/** The names of secrets and of config maps. */
interface Names {
  readonly secrets: ReadonlySet<string>;
  readonly configMaps: ReadonlySet<string>;
}

export const readReferences = (client: Client, pod: Pod): Promise<References> => read(client, pod, namesIn(pod));

/** Those that the Pod's volumes name. */
export const readVolumeReferences = (client: Client, pod: Pod): Promise<References> =>
  read(client, pod, namesInVolumes(pod));

async function read(client: Client, pod: Pod, { secrets, configMaps }: Names): Promise<References> {
  const namespace = pod.metadata.namespace;
  const [secretData, configMapData] = await Promise.all([
    Promise.all(
      [...secrets].map(
        async (name) => [name, secretBytes(await getIfExists(client, Secret, { namespace, name }))] as const,
      ),
    ),
    Promise.all(
      [...configMaps].map(
        async (name) => [name, configMapBytes(await getIfExists(client, ConfigMap, { namespace, name }))] as const,
      ),
    ),
  ]);
  return { secrets: new Map(secretData), configMaps: new Map(configMapData) };
}

function namesIn(pod: Pod): Names {
  const { secrets, configMaps } = namesInVolumes(pod);
  for (const container of containersOf(pod)) {
    for (const { valueFrom } of container.env ?? []) {
      note(secrets, valueFrom?.secretKeyRef?.name);
      note(configMaps, valueFrom?.configMapKeyRef?.name);
    }
    for (const { secretRef, configMapRef } of container.envFrom ?? []) {
      note(secrets, secretRef?.name);
      note(configMaps, configMapRef?.name);
    }
  }
  return { secrets, configMaps };
}

function namesInVolumes(pod: Pod): { readonly secrets: Set<string>; readonly configMaps: Set<string> } {
  const secrets = new Set<string>();
  const configMaps = new Set<string>();
  for (const volume of pod.spec.volumes ?? []) {
    note(secrets, volume.secret?.secretName);
    note(configMaps, volume.configMap?.name);
    for (const source of volume.projected?.sources ?? []) {
      note(secrets, source.secret?.name);
      note(configMaps, source.configMap?.name);
    }
  }
  return { secrets, configMaps };
}

const note = (names: Set<string>, name: string | undefined): unknown => name !== undefined && names.add(name);

const decode = (data: Readonly<Record<string, string>> | undefined, encoding: BufferEncoding): Data =>
  Object.fromEntries(Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]));

const secretBytes = (secret: Secret | undefined): Data | undefined =>
  secret === undefined ? undefined : { ...decode(secret.data, 'base64'), ...decode(secret.stringData, 'utf8') };

const configMapBytes = (map: ConfigMap | undefined): Data | undefined =>
  map === undefined ? undefined : { ...decode(map.data, 'utf8'), ...decode(map.binaryData, 'base64') };
