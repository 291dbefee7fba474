/** The CustomResourceDefinition of a kind: what a cluster installs, and what the embedded server shows. */

import type { Kind, OtherVersion } from './kind.ts';
import { anyObject, type JsonSchema } from './schema.ts';

export interface Crd {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: {
      readonly plural: string;
      readonly singular: string;
      readonly kind: string;
      readonly listKind: string;
      readonly shortNames?: readonly string[];
      readonly categories?: readonly string[];
    };
    readonly versions: readonly object[];
    readonly conversion: { readonly strategy: 'None' };
  };
}

/** Fields that every object has; a CRD says no more about them than their types. */
const common: Readonly<Record<string, JsonSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object' },
};

/** Pure: the same kind gives the same definition. */
// biome-ignore lint/suspicious/noExplicitAny: a Kind is contravariant in its object type
export function crdOf(kind: Kind<any>): Crd {
  const { shortNames, categories, columns, selectableFields, version, otherVersions = [] } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${kind.group}` },
    spec: {
      group: kind.group,
      scope: kind.scope,
      names: {
        plural: kind.plural,
        singular: kind.singular,
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        ...(shortNames.length > 0 ? { shortNames } : {}),
        ...(categories.length > 0 ? { categories } : {}),
      },
      versions: [{ version }, ...otherVersions].map(({ version: name, conversion }: OtherVersion) => ({
        name,
        served: true,
        storage: name === version,
        schema: {
          openAPIV3Schema:
            conversion === undefined
              ? { ...kind.schema, properties: { ...common, ...kind.schema.properties } }
              : anyObject().json,
        },
        ...(kind.hasStatus ? { subresources: { status: {} } } : {}),
        ...(selectableFields === undefined
          ? {}
          : { selectableFields: Object.keys(selectableFields).map((path) => ({ jsonPath: `.${path}` })) }),
        ...(columns.length > 0 ? { additionalPrinterColumns: columns } : {}),
      })),
      conversion: { strategy: 'None' },
    },
  };
}
