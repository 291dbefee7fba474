/** What can be told of a file of manifests by reading it. Pure. */

import { parseAllDocuments } from 'yaml';
import { parseImageReference } from '../../../src/resources/image-reference.ts';

export interface Manifest {
  /** Path within the folder that is run. */
  readonly path: string;
  readonly text: string;
  readonly documents: readonly unknown[];
}

/** @throws Error naming the file and the place */
export function readManifest(path: string, text: string): Manifest {
  const documents = parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors[0]!.message}`);
    return document.toJS() as unknown;
  });
  return { path, text, documents: documents.filter((document) => document !== null && document !== undefined) };
}

/** The text in a namespace of its own, as Tekton's own runner makes it. */
export const inNamespace = ({ text }: Manifest, namespace: string): string =>
  text.replaceAll(/namespace: default\b/g, `namespace: ${namespace}`);

interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly parent: Readonly<Record<string, unknown>>;
}

/** Every key of every map in it. */
function* entries(value: unknown): Generator<Entry> {
  if (Array.isArray(value)) for (const one of value) yield* entries(one);
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) {
      yield { key, value: inner, parent: value as Entry['parent'] };
      yield* entries(inner);
    }
}

const all = ({ documents }: Manifest): readonly Entry[] => [...entries(documents)];

/** Every image that its containers name, also by a param. */
export function imagesOf(manifest: Manifest): readonly string[] {
  const found = all(manifest);
  const named = found.filter(({ key, value }) => key === 'image' && typeof value === 'string');
  const images = named.flatMap(({ value }) => meantBy(value as string, found));
  return [...new Set(images)].filter(isImage);
}

/** What a text may stand for: a param for each of its values. */
function meantBy(text: string, found: readonly Entry[]): readonly string[] {
  const param = /^\$\(params\.([^)]+)\)$/.exec(text)?.[1];
  return param === undefined ? [text] : valuesOf(param, found);
}

const valuesOf = (param: string, found: readonly Entry[]): readonly string[] =>
  found
    .filter(({ key, parent }) => (key === 'value' || key === 'default') && parent.name === param)
    .map(({ value }) => value)
    .filter((value) => typeof value === 'string');

function isImage(text: string): boolean {
  try {
    return parseImageReference(text).path !== '';
  } catch {
    return false;
  }
}

/** Name of an image, without tag and digest. */
export function nameOf(image: string): string {
  const { domain, path } = parseImageReference(image);
  return `${domain}/${path}`;
}

/** Why a file cannot be run on a Linux machine without a way out, as far as its text tells; else undefined. */
export function obstacleOf(manifest: Manifest, hasImage: (image: string) => boolean): string | undefined {
  if (manifest.path.split('/').includes('no-ci')) return "in a folder no-ci, which Tekton's own runner leaves out";
  const found = all(manifest);
  return windowsOf(found) ?? driverOf(found) ?? resolverOf(found, hasImage) ?? imageOf(manifest, hasImage);
}

function windowsOf(found: readonly Entry[]): string | undefined {
  const wants = found.some(
    ({ key, value, parent }) =>
      (key === 'kubernetes.io/os' && value === 'windows') ||
      (key === 'values' && parent.key === 'kubernetes.io/os' && Array.isArray(value) && value.includes('windows')) ||
      (key === 'script' && typeof value === 'string' && value.startsWith('#!win')),
  );
  return wants ? 'needs Windows' : undefined;
}

function driverOf(found: readonly Entry[]): string | undefined {
  const csi = found.find(({ key, value }) => key === 'csi' && typeof value === 'object' && value !== null);
  if (csi !== undefined) return `needs the CSI driver ${(csi.value as { driver?: string }).driver}`;
  return found.some(({ key }) => key === 'gitRepo') ? 'needs a volume of type gitRepo' : undefined;
}

/** What each resolver reads from elsewhere, by its own params. */
function resolverOf(found: readonly Entry[], hasImage: (image: string) => boolean): string | undefined {
  for (const { key, value, parent } of found) {
    if (key !== 'resolver' || typeof value !== 'string') continue;
    const params = Array.isArray(parent.params) ? (parent.params as readonly { name: string; value: unknown }[]) : [];
    const texts = params.map((param) => param.value).filter((text) => typeof text === 'string');
    const outside = texts.flatMap((text) => meantBy(text, found)).find(isOutside);
    if (outside !== undefined) return `needs the network: resolver ${value} of ${outside}`;
    if (value === 'hub') return 'needs the network: resolver hub';
    const bundle = params.find(({ name }) => name === 'bundle')?.value;
    if (typeof bundle === 'string' && isImage(bundle) && !hasImage(bundle))
      return `needs the network: bundle ${bundle}`;
  }
  return undefined;
}

function isOutside(text: string): boolean {
  const host = /^(?:https?|ssh|git):\/\/(?:[^/@]*@)?([^/:]+)/.exec(text)?.[1] ?? /^git@([^:/]+):/.exec(text)?.[1];
  return host !== undefined && host !== 'localhost' && !/^127\.|\.svc(\.|$)/.test(host);
}

function imageOf(manifest: Manifest, hasImage: (image: string) => boolean): string | undefined {
  const missing = imagesOf(manifest).find((image) => !hasImage(image));
  return missing === undefined ? undefined : `needs the network: image ${missing}, which has no stand-in`;
}
