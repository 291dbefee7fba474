/** Reads what containers/storage writes about its images (`images.json`, `layers.json`). Pure. */

import { join } from 'node:path';
import type { ImageConfig } from './image.ts';
import type { StorageDriver } from './storage-config.ts';

/** A layer as it is passed on. */
interface StoredLayer {
  /** `sha256:…` of its tar archive, uncompressed. */
  readonly digest: string;
  /** Of that archive. */
  readonly bytes: number;
}

export interface StoredImage {
  /** 64 hexadecimal digits: the digest of its configuration. */
  readonly id: string;
  /** `sha256:…` of its manifests. */
  readonly digests: readonly string[];
  /** As it was pulled or tagged: `docker.io/library/debian:12`. */
  readonly names: readonly string[];
  /** Folders of the layers, lowest first. */
  readonly layerPaths: readonly string[];
  /** Lowest first. */
  readonly layers: readonly StoredLayer[];
  /** Bytes of its layers' files; what it shares with other images is in it. */
  readonly sizeBytes: number;
  /** RFC 3339; when it came into the storage. */
  readonly created?: string;
}

/** An entry of `images.json`. */
export interface ImageRecord {
  readonly id: string;
  readonly digest?: string;
  readonly names?: readonly string[];
  readonly layer?: string;
  readonly created?: string;
  readonly 'big-data-names'?: readonly string[];
  readonly 'big-data-digests'?: Readonly<Record<string, string>>;
}

/** An entry of `layers.json`. */
export interface LayerRecord {
  readonly id: string;
  readonly parent?: string;
  /** Bytes. */
  readonly 'diff-size'?: number;
  /** `sha256:…` of the uncompressed archive. */
  readonly 'diff-digest'?: string;
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** @returns undefined for an image whose layers are not all there */
export function storedImage(
  record: ImageRecord,
  layers: ReadonlyMap<string, LayerRecord>,
  { graphRoot, driver }: { readonly graphRoot: string; readonly driver: StorageDriver },
): StoredImage | undefined {
  const chain: LayerRecord[] = [];
  for (let at = record.layer ?? ''; at !== ''; at = chain[0]!.parent ?? '') {
    const layer = layers.get(at);
    if (layer === undefined || layer.flags?.incomplete === true || chain.includes(layer)) return undefined;
    chain.unshift(layer);
  }
  const paths =
    driver === 'overlay'
      ? chain.map(({ id }) => join(graphRoot, 'overlay', id, 'diff'))
      : // Each folder of vfs holds what those below it do.
        chain.slice(-1).map(({ id }) => join(graphRoot, 'vfs/dir', id));
  return {
    id: record.id,
    digests: digestsOf(record),
    names: record.names ?? [],
    layerPaths: paths,
    layers: chain.flatMap(({ 'diff-digest': digest, 'diff-size': bytes }) =>
      digest === undefined || bytes === undefined ? [] : [{ digest, bytes }],
    ),
    sizeBytes: chain.reduce((sum, layer) => sum + (layer['diff-size'] ?? 0), 0),
    ...(record.created === undefined ? {} : { created: record.created }),
  };
}

/** The layers with those marked as incomplete that no image stands on; undefined where there are none. */
export function withDistrusted(
  layers: readonly LayerRecord[],
  images: readonly ImageRecord[],
): readonly LayerRecord[] | undefined {
  const byId = new Map(layers.map((layer) => [layer.id, layer]));
  const used = new Set<string>();
  for (const { layer = '' } of images)
    for (let at = layer; at !== '' && !used.has(at); at = byId.get(at)?.parent ?? '') used.add(at);
  if (layers.every(({ id }) => used.has(id))) return undefined;
  return layers.map((one) => (used.has(one.id) ? one : { ...one, flags: { ...one.flags, incomplete: true } }));
}

/** Digests of every manifest that the image came with; an image pulled from a list has the list's, too. */
function digestsOf(record: ImageRecord): readonly string[] {
  const manifests = (record['big-data-names'] ?? [])
    .filter((name) => name === 'manifest' || name.startsWith('manifest-'))
    .map((name) => record['big-data-digests']?.[name]);
  return [...new Set([record.digest, ...manifests])].filter(
    (digest) => digest !== undefined && digest !== '',
  ) as string[];
}

/** Name of the file that holds a piece of data of an image. */
export const bigDataFile = (name: string): string =>
  /^[a-zA-Z0-9_.-]+$/.test(name) && !name.startsWith('.') ? name : `=${Buffer.from(name).toString('base64')}`;

/** The part of an OCI (or Docker) image configuration that containers obey. @param text its JSON */
export function imageConfigOf(text: string): ImageConfig {
  const { config } = JSON.parse(text) as {
    readonly config?: {
      readonly Env?: readonly string[] | null;
      readonly WorkingDir?: string;
      readonly User?: string;
      readonly Entrypoint?: readonly string[] | null;
      readonly Cmd?: readonly string[] | null;
    };
  };
  const { Env, WorkingDir, User, Entrypoint, Cmd } = config ?? {};
  return {
    ...(Env ? { env: Env } : {}),
    ...(WorkingDir ? { workingDir: WorkingDir } : {}),
    ...(User ? { user: User } : {}),
    ...(Entrypoint ? { entrypoint: Entrypoint } : {}),
    ...(Cmd ? { cmd: Cmd } : {}),
  };
}
