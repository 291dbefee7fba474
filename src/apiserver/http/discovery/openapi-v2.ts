/**
 * The OpenAPI v2 document, in the protobuf of gnostic's `OpenAPIv2.proto`: what kubectl before 1.27 explains, checks
 * and dry-runs by. Definitions are given for custom kinds only: of its own kinds kubectl knows more than we would tell it.
 */

import type { JsonSchema } from '../../../resources/schema.ts';
import { type Catalog, groupVersionOf, type ServedResource } from '../catalog.ts';
import { field, maybe, message, named, repeated } from '../protobuf/encode.ts';
import { objectMetaSchemas } from './openapi-meta.ts';
import { schemaName } from './openapi-names.ts';

/** What of a schema is told. */
type Schema = JsonSchema & {
  readonly $ref?: string;
  readonly allOf?: readonly { readonly $ref: string }[];
  readonly 'x-kubernetes-group-version-kind'?: unknown;
};

/** An extension's value is YAML, of which JSON is a part. */
const extension = (number: number, name: string, value: unknown): Buffer =>
  named(number, [[name, field(2, JSON.stringify(value))]]);

const gvkExtension = 'x-kubernetes-group-version-kind';

const reference = (ref: string): Buffer => field(1, ref.replace('#/components/schemas/', '#/definitions/'));

function encodeSchema(schema: Schema): Buffer {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (ref !== undefined)
    return message(
      reference(ref),
      maybe(schema.description, (text) => field(4, text)),
    );
  const description = maybe(schema.description, (text) => field(4, text));
  // Anything goes, or any of two types: v2 has no words for it but to say nothing.
  if (schema['x-kubernetes-preserve-unknown-fields'] || schema['x-kubernetes-int-or-string'])
    return message(description, extensionOf(schema));
  return message(
    maybe(schema.format, (text) => field(2, text)),
    description,
    repeated(19, schema.required ?? []),
    maybe(schema.additionalProperties, (values) => field(21, field(1, encodeSchema(values)))),
    maybe(schema.type, (type) => field(22, field(1, type))),
    maybe(schema.items, (items) => field(23, field(1, encodeSchema(items)))),
    maybe(schema.properties, (properties) => field(25, namedSchemas(properties))),
    extensionOf(schema),
  );
}

const extensions = [
  gvkExtension,
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
] as const;

const extensionOf = (schema: Schema): Buffer =>
  message(...extensions.map((name) => maybe(schema[name], (value) => extension(31, name, value))));

const namedSchemas = (schemas: Readonly<Record<string, Schema>>): Buffer =>
  named(
    1,
    Object.entries(schemas).map(([name, schema]) => [name, encodeSchema(schema)]),
  );

const queryParameter = (name: string): Buffer =>
  field(1, field(2, field(3, message(field(2, 'query'), field(4, name), field(6, 'string')))));

/** A path with a patch operation: by its parameters kubectl knows what the server can do. */
function encodePath({ group, version, kind, plural, scope }: ServedResource): readonly [string, Buffer] {
  const prefix = `/${group === '' ? 'api' : 'apis'}/${groupVersionOf({ group, version })}`;
  const path = `${prefix}${scope === 'Namespaced' ? '/namespaces/{namespace}' : ''}/${plural}/{name}`;
  const patch = message(
    repeated(8, ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map(queryParameter)),
    extension(13, gvkExtension, { group, version, kind }),
  );
  return [path, field(8, patch)];
}

function definitionOf({ group, version, kind, stored }: ServedResource): Schema {
  const schema = stored?.kind.schema as JsonSchema;
  return {
    ...schema,
    description: `${kind} is a resource of ${groupVersionOf({ group, version })}.`,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' } as Schema,
      ...schema.properties,
    },
    [gvkExtension]: [{ group, version, kind }],
  };
}

const isKubernetesOwn = ({ group }: ServedResource): boolean => !group.includes('.') || group.endsWith('.k8s.io');

export function openApiV2(catalog: Catalog): Buffer {
  const patchable = [...catalog.groups.values()].flat().filter(({ verbs }) => verbs.includes('patch'));
  const definitions = patchable
    .filter((resource) => !isKubernetesOwn(resource))
    .map((resource) => [schemaName(resource), definitionOf(resource)] as const);
  return message(
    field(1, '2.0'),
    field(2, message(field(1, 'kf'), field(2, 'v1'))),
    field(8, named(2, patchable.map(encodePath))),
    field(9, namedSchemas({ ...objectMetaSchemas, ...Object.fromEntries(definitions) })),
  );
}
