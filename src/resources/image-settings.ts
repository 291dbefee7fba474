/** The settings `images.*` of the server: where images come from, as the machine's administrator says. Pure. */

import { parseImageReference } from './image-reference.ts';

export interface RegistrySettings {
  /** `docker.io`, `registry.example.com:5000`, or a part of one: `quay.io/team`. */
  readonly prefix: string;
  /** Asked before the registry itself, in this order; a prefix that takes the place of this one. */
  readonly mirrors: readonly string[];
  /** Whether it, and its mirrors, may speak plain HTTP or show a certificate that nobody vouches for. */
  readonly insecure: boolean;
  /** File with the certificates (PEM) of whoever vouches for it. */
  readonly ca?: string;
}

export interface ImageSettings {
  readonly registries: readonly RegistrySettings[];
  /** Images by another name: `ubuntu: registry.example.com/base/ubuntu`. */
  readonly aliases: Readonly<Record<string, string>>;
}

export const noImageSettings: ImageSettings = { registries: [], aliases: {} };

/** The type of `images.registries`. */
export const registryList = {
  name: 'a list of registries, each with prefix, and perhaps mirrors, insecure, ca',
  /** @throws Error: `must be …`, or naming the entry */
  read(value: unknown): readonly RegistrySettings[] {
    if (!Array.isArray(value)) throw new Error(`must be ${this.name}`);
    return value.map((one, index) => readRegistry(one, `[${index}]`));
  },
};

function readRegistry(value: unknown, where: string): RegistrySettings {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${where} must be a map`);
  const { prefix, mirrors = [], insecure = false, ca, ...rest } = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) throw new Error(`${where} has the unknown field ${unknown.join(', ')}`);
  if (!Array.isArray(mirrors)) throw new Error(`${where}.mirrors must be a list`);
  if (typeof insecure !== 'boolean') throw new Error(`${where}.insecure must be true or false`);
  if (ca !== undefined && (typeof ca !== 'string' || !ca.startsWith('/')))
    throw new Error(`${where}.ca must be an absolute path`);
  return {
    prefix: checkPrefix(prefix, `${where}.prefix`),
    mirrors: mirrors.map((mirror, index) => checkPrefix(mirror, `${where}.mirrors[${index}]`)),
    insecure,
    ...(ca === undefined ? {} : { ca }),
  };
}

/** A registry, with or without a part of its names. @throws Error */
export function checkPrefix(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new Error(`${where} must be text`);
  if (isPrefix(value)) return value;
  throw new Error(`${where} ${JSON.stringify(value)} is no registry, like registry.example.com:5000 or quay.io/team`);
}

function isPrefix(text: string): boolean {
  try {
    // A name of several parts says all of itself.
    const { domain, path } = parseImageReference(`${text}/x/y`);
    return `${domain}/${path}` === `${text}/x/y`;
  } catch {
    return false;
  }
}

/** Whether an alias is one: both sides name an image. */
export function isAlias(name: string, target: string): boolean {
  try {
    return [name, target].map(parseImageReference).length === 2;
  } catch {
    return false;
  }
}
