/** Names of objects: which are allowed, and the deterministic names of children. */

import { createHash, randomInt } from 'node:crypto';

/** DNS-1035 label: what Kf requires of its objects' names. */
export const isDns1035Label = (name: string): boolean => name.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name);

/** DNS-1123 label: namespaces, containers, volumes. */
export const isDns1123Label = (name: string): boolean =>
  name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name);

/** DNS-1123 subdomain: most Kubernetes objects. */
export const isDns1123Subdomain = (name: string): boolean =>
  name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** `prefix` and five random characters, as Kubernetes' generateName; the prefix is cut so that 63 are not exceeded. */
export function randomName(prefix: string): string {
  const suffix = Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return prefix.slice(0, 58) + suffix;
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** Six hexadecimal digits that tell texts apart. */
export const shortHash = (text: string): string => md5(text).slice(0, 6);

/** Knative's kmeta.ChildName: parent and suffix in at most 63 characters, with a hash where they do not fit. */
export function childName(parent: string, suffix: string): string {
  const longest = 63;
  const head = longest - 32;
  if (parent.length + suffix.length <= longest) return parent + suffix;
  if (suffix.length <= head - 1) return `${parent.slice(0, head - suffix.length)}${md5(parent)}${suffix}`;
  // A short parent leaves room for the beginning of the suffix.
  const name = `${parent.slice(0, head)}${md5(parent + suffix)}${suffix}`.slice(0, longest);
  return name.replace(/[^a-zA-Z0-9]+$/, '');
}

/** Kf's GenerateName: parts joined by `-`, made valid, with a hash where something was changed. */
export function generateName(...parts: readonly string[]): string {
  const joined = parts.join('-');
  const valid = joined
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .replace(/^-+|-+$/g, '');
  return valid === joined ? childName(valid, '') : childName(valid, md5(joined));
}
