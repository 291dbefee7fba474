import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { crdFiles } from '../../scripts/generate-crds.ts';
import { allKinds, kfKinds } from '../../src/resources/all-kinds.ts';
import { crdOf } from '../../src/resources/crd.ts';
import type { JsonSchema } from '../../src/resources/schema.ts';

const folder = new URL('../../crds/', import.meta.url);

describe('crds/', () => {
  test('holds exactly what the kinds generate; else run `npm run crds`', async () => {
    const files = crdFiles();
    expect((await readdir(folder)).sort()).toEqual([...files.keys()].sort());
    for (const [name, content] of files) expect(await readFile(new URL(name, folder), 'utf8'), name).toBe(content);
  });

  test('names each definition plural.group', () => {
    expect([...crdFiles().keys()]).toContain('tasks.kf.dev.yaml');
  });
});

/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema */
function complaints(schema: JsonSchema, path: string, isRequired = false): readonly string[] {
  const found: string[] = [];
  const open = schema['x-kubernetes-preserve-unknown-fields'];
  const intOrString = schema['x-kubernetes-int-or-string'];
  const allowed = [
    'type description format enum pattern minimum maximum minLength maxLength minItems default nullable properties',
    'required items additionalProperties x-kubernetes-preserve-unknown-fields x-kubernetes-int-or-string',
    'x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-map-type',
  ];
  for (const key of Object.keys(schema))
    if (!allowed.join(' ').split(' ').includes(key)) found.push(`${path}: ${key} is not allowed`);
  if (schema.type === undefined && !open && !intOrString) found.push(`${path}: has no type`);
  if (schema.type !== undefined && intOrString) found.push(`${path}: int-or-string beside a type`);
  if (open === false) found.push(`${path}: preserve-unknown-fields must be true or absent`);
  if (schema.type === 'array' && schema.items === undefined) found.push(`${path}: an array without items`);
  if (schema.properties && schema.additionalProperties) found.push(`${path}: properties and additionalProperties`);
  if (schema.default !== undefined && isRequired) found.push(`${path}: default of a required field`);
  for (const name of schema.required ?? [])
    if (schema.properties?.[name] === undefined) found.push(`${path}: requires the unknown ${name}`);
  for (const [name, part] of Object.entries(schema.properties ?? {}))
    found.push(...complaints(part, `${path}.${name}`, schema.required?.includes(name)));
  if (schema.items) found.push(...complaints(schema.items, `${path}[]`));
  if (schema.additionalProperties) found.push(...complaints(schema.additionalProperties, `${path}{}`));
  return found;
}

describe.each(allKinds.map((kind) => [kind.kind, kind] as const))('%s', (_name, kind) => {
  test('has a structural schema', () => {
    expect(complaints(kind.schema, '')).toEqual([]);
  });
});

describe.each(kfKinds.map((kind) => [kind.kind, kind] as const))('the definition of %s', (_name, kind) => {
  test('leaves metadata to Kubernetes and has a status subresource', () => {
    const [version] = crdOf(kind).spec.versions as [
      { schema: { openAPIV3Schema: JsonSchema }; subresources?: object; additionalPrinterColumns: { type: string }[] },
    ];
    expect(version.schema.openAPIV3Schema.properties?.metadata).toEqual({ type: 'object' });
    expect(version.subresources).toEqual({ status: {} });
    for (const { type } of version.additionalPrinterColumns)
      expect(['string', 'integer', 'number', 'boolean', 'date']).toContain(type);
  });
});
