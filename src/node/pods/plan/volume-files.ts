/** The files of a volume that holds what the API knows: secrets, config maps, fields of the Pod. Pure. */

import type { DownwardItem, Volume } from '../../../resources/core/pod.ts';
import { ConfigError } from './config-error.ts';
import { fieldValue, type PodFacts, resourceValue } from './environment.ts';
import type { References } from './references.ts';

export interface VolumeFile {
  /** Relative to the volume. */
  readonly path: string;
  readonly bytes: Buffer | string;
  readonly mode: number;
}

interface Source {
  readonly name: string;
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
  readonly optional?: boolean;
}

/** Kubernetes' default. */
const usualMode = 0o644;

/** Undefined for a volume of another kind. @throws ConfigError */
export function volumeFiles(
  volume: Volume,
  references: References,
  facts: PodFacts,
): readonly VolumeFile[] | undefined {
  const { secret, configMap, downwardAPI, projected } = volume;
  const reader = { volume: volume.name, references, facts };
  if (secret !== undefined)
    return ofObject(reader, 'secret', { ...secret, name: secret.secretName }, secret.defaultMode);
  if (configMap !== undefined) return ofObject(reader, 'configmap', configMap, configMap.defaultMode);
  if (downwardAPI !== undefined) return ofPod(reader, downwardAPI.items, downwardAPI.defaultMode);
  // Of several files of one path the last one counts.
  return projected?.sources?.flatMap((source) => {
    const mode = projected.defaultMode;
    if (source.secret !== undefined)
      return ofObject(reader, 'secret', { ...source.secret, name: source.secret.name ?? '' }, mode);
    if (source.configMap !== undefined)
      return ofObject(reader, 'configmap', { ...source.configMap, name: source.configMap.name ?? '' }, mode);
    return ofPod(reader, source.downwardAPI?.items, mode);
  });
}

interface Reader {
  readonly volume: string;
  readonly references: References;
  readonly facts: PodFacts;
}

function ofObject(
  { volume, references }: Reader,
  kind: 'secret' | 'configmap',
  { name, items, optional }: Source,
  defaultMode = usualMode,
): readonly VolumeFile[] {
  const data = (kind === 'secret' ? references.secrets : references.configMaps).get(name);
  if (data === undefined && optional !== true) throw new ConfigError(`volume ${volume}: ${kind} "${name}" not found`);
  if (items === undefined)
    return Object.entries(data ?? {}).map(([path, bytes]) => ({ path, bytes, mode: defaultMode }));
  return items.flatMap(({ key, path, mode = defaultMode }) => {
    const bytes = data?.[key];
    if (bytes !== undefined) return [{ path, bytes, mode }];
    if (optional === true) return [];
    throw new ConfigError(`volume ${volume}: ${kind} "${name}" has no key ${key}`);
  });
}

/** As it is when the container starts; it is not followed. */
function ofPod(
  { volume, facts }: Reader,
  items: readonly DownwardItem[] = [],
  defaultMode = usualMode,
): readonly VolumeFile[] {
  return items.map(({ path, mode = defaultMode, fieldRef, resourceFieldRef }) => {
    const what = `volume ${volume}: ${path}`;
    if (resourceFieldRef !== undefined)
      return { path, mode, bytes: resourceValue(what, resourceFieldRef, facts, undefined) };
    if (fieldRef === undefined) throw new ConfigError(`${what}: needs fieldRef or resourceFieldRef`);
    const { metadata } = facts.pod;
    if (fieldRef.fieldPath === 'metadata.labels') return { path, mode, bytes: lines(metadata.labels) };
    if (fieldRef.fieldPath === 'metadata.annotations') return { path, mode, bytes: lines(metadata.annotations) };
    return { path, mode, bytes: fieldValue(what, fieldRef.fieldPath, facts) };
  });
}

/** `key="value"`, sorted, as the kubelet writes maps. */
const lines = (map: Readonly<Record<string, string>> = {}): string =>
  Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
