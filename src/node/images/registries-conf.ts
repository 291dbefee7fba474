/** `registries.conf` (version 2) for skopeo and buildah, out of the administrator's settings. Pure. */

import { isLoopback, parseImageReference } from '../../resources/image-reference.ts';
import type { ImageSettings, RegistrySettings } from '../../resources/image-settings.ts';
import { tomlString } from './storage-config.ts';

export const registriesConf = ({ registries, aliases }: ImageSettings): string =>
  `${[
    // What a Dockerfile calls by a short name is Docker's, as in a Pod.
    'unqualified-search-registries = ["docker.io"]',
    'short-name-mode = "disabled"',
    ...registries.map((registry) => registryTable(registry, registries)),
    // Names with a tag are not known to this file: Pods know them.
    ...aliasTable(Object.entries(aliases).filter(([name]) => /^[^/:@]+$/.test(name))),
  ].join('\n')}\n`;

const registryTable = ({ prefix, mirrors, insecure }: RegistrySettings, all: readonly RegistrySettings[]): string =>
  [
    '',
    '[[registry]]',
    `prefix = ${tomlString(prefix)}`,
    `location = ${tomlString(prefix)}`,
    `insecure = ${insecure}`,
    ...mirrors.flatMap((mirror) => [
      '',
      '[[registry.mirror]]',
      `location = ${tomlString(mirror)}`,
      `insecure = ${all.find((one) => one.prefix === mirror)?.insecure ?? (insecure || isLoopback(hostOf(mirror)))}`,
    ]),
  ].join('\n');

const aliasTable = (aliases: readonly (readonly [string, string])[]): readonly string[] =>
  aliases.length === 0
    ? []
    : ['', '[aliases]', ...aliases.map(([name, target]) => `${tomlString(name)} = ${tomlString(nameOf(target))}`)];

const nameOf = (target: string): string => {
  const { domain, path } = parseImageReference(target);
  return `${domain}/${path}`;
};

const hostOf = (prefix: string): string => prefix.split('/')[0]!;

/** Hosts, each with the files of certificates that hold for it: what a prefix says holds for its mirrors, too. */
export function certificatesOf({ registries }: ImageSettings): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { prefix, mirrors, ca } of registries)
    if (ca !== undefined) for (const place of [prefix, ...mirrors]) found.set(hostOf(place), ca);
  return found;
}
