/** What changed between two sets of settings, line by line; secret values stay hidden. Pure. */

import { shown } from '../secrets.ts';

/** Lines like `- runtimeConfig.env.REGION: eu`; none when both are the same. */
export function settingsDiff(before: unknown, after: unknown): readonly string[] {
  const [old, changed] = [flatten(before), flatten(after)];
  const paths = [...new Set([...old.keys(), ...changed.keys()])].sort();
  return paths.flatMap((path) => {
    const [from, to] = [old.get(path), changed.get(path)];
    if (from === to) return [];
    const line = (sign: string, value: string | undefined): readonly string[] =>
      value === undefined ? [] : [`${sign} ${path}: ${visible(path, value)}`];
    return [...line('-', from), ...line('+', to)];
  });
}

function visible(path: string, value: string): string {
  const variable = /\.env\.(.*)$/.exec(path)?.[1] ?? '';
  const text = shown(variable, value, false);
  return /^$|[\r\n]|^\s|\s$/.test(text) ? JSON.stringify(text) : text;
}

function flatten(value: unknown, path = '', entries = new Map<string, string>()): ReadonlyMap<string, string> {
  const under = (key: string): string => (path === '' ? key : `${path}.${key}`);
  if (isEnvVar(value)) return entries.set(path, value.value ?? '');
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item !== 'object'))
    return entries.set(path, value.join(', '));
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) flatten(item, under(nameOf(item) ?? `${index}`), entries);
    return entries;
  }
  if (typeof value !== 'object' || value === null) return value === undefined ? entries : entries.set(path, `${value}`);
  for (const [key, item] of Object.entries(value)) flatten(item, under(key), entries);
  return entries;
}

const nameOf = (item: unknown): string | undefined => (item as { readonly name?: string } | null)?.name;

const isEnvVar = (value: unknown): value is { readonly name: string; readonly value?: string } =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  Object.keys(value).every((key) => key === 'name' || key === 'value');
