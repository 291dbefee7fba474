/** `-o name|json|yaml`: objects for programs to read. */

import type { AnyKind } from '../../client/client.ts';
import { groupResourceOf } from '../../resources/kind.ts';
import type { KubeObject } from '../../resources/meta.ts';

export const outputFormats = ['name', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** `task.kf.dev/NAME`, as kubectl names objects. */
export const objectName = (kind: AnyKind, name: string): string =>
  `${kind.singular}${groupResourceOf(kind).slice(kind.plural.length)}/${name}`;

/** As kubectl shows it: who manages which fields is not for the reader. */
function shown(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _hidden, ...metadata } = object.metadata;
  return { ...object, metadata };
}

export async function formatObject(format: OutputFormat, kind: AnyKind, object: KubeObject): Promise<string> {
  return format === 'name' ? `${objectName(kind, object.metadata.name)}\n` : formatValue(format, shown(object));
}

/** A `v1 List`, as kubectl prints several objects. */
export async function formatObjects(
  format: OutputFormat,
  kind: AnyKind,
  items: readonly KubeObject[],
): Promise<string> {
  if (format === 'name') return items.map(({ metadata }) => `${objectName(kind, metadata.name)}\n`).join('');
  return formatValue(format, {
    apiVersion: 'v1',
    items: items.map(shown),
    kind: 'List',
    metadata: { resourceVersion: '' },
  });
}

/** What is no object of the API. @param names one line each with `-o name` */
export const formatNamed = async (format: OutputFormat, value: unknown, names: readonly string[]): Promise<string> =>
  format === 'name' ? names.map((name) => `${name}\n`).join('') : formatValue(format, value);

export async function formatValue(format: 'json' | 'yaml', value: unknown): Promise<string> {
  if (format === 'json') return `${JSON.stringify(value, undefined, 4)}\n`;
  const yaml = await import('yaml');
  // Quoted as YAML 1.1 wants it, too: kubectl and Ruby read `on` and `1_000` as something else than text.
  return yaml.stringify(value, { lineWidth: 0, compat: 'yaml-1.1', aliasDuplicateObjects: false });
}
