/** Representations of objects and lists: as they are, as Tables, as metadata only. */

import type { AnyKind } from '../../../client/client.ts';
import { apiVersionOf } from '../../../resources/kind.ts';
import type { KubeObject } from '../../../resources/meta.ts';
import { badRequest } from '../../../resources/status.ts';
import type { Representation } from '../negotiation.ts';
import { columnsOf } from './columns.ts';

export type IncludeObject = 'Metadata' | 'Object' | 'None';

export interface ListMeta {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** @throws StatusError BadRequest */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') || 'Metadata';
  if (value === 'Metadata' || value === 'Object' || value === 'None') return value;
  throw badRequest(`unrecognized includeObject value: "${value}"`);
}

export const partialObject = (object: KubeObject, version: Representation['version']): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: object.metadata,
});

function rowObject(object: KubeObject, include: IncludeObject, version: Representation['version']): object {
  if (include === 'None') return {};
  return { object: include === 'Object' ? object : partialObject(object, version) };
}

export interface TableOptions {
  readonly version: Representation['version'];
  readonly include: IncludeObject;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const columnDefinitions = (kind: AnyKind): readonly object[] =>
  columnsOf(kind).map(({ name, type, format = '', description = '', priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));

/** One row of a Table. */
const tableRow = (kind: AnyKind, object: KubeObject, { version, include, now }: TableOptions): object => ({
  cells: columnsOf(kind).map((column) => column.cell(object, now)),
  ...rowObject(object, include, version),
});

/** The outside of a list, without its items: `[before, after]` in JSON, for lists that are written piece by piece. */
export function listEnvelope(kind: AnyKind, representation: Representation, metadata: ListMeta): [string, string] {
  const { as, version } = representation;
  const meta = JSON.stringify(metadata);
  if (as === 'Table')
    return [
      `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${meta},"columnDefinitions":${JSON.stringify(
        columnDefinitions(kind),
      )},"rows":[`,
      ']}\n',
    ];
  const [listKind, apiVersion] =
    as === 'PartialObjectMetadata'
      ? ['PartialObjectMetadataList', `meta.k8s.io/${version}`]
      : [`${kind.kind}List`, apiVersionOf(kind)];
  return [`{"kind":"${listKind}","apiVersion":"${apiVersion}","metadata":${meta},"items":[`, ']}\n'];
}

/** One item of a list, or one single object; a single object becomes a Table of one row. */
export function itemOf(
  kind: AnyKind,
  object: KubeObject,
  representation: Representation,
  include: IncludeObject,
  now: number,
): object {
  const { as, version } = representation;
  if (as === 'Table') return tableRow(kind, object, { version, include, now });
  return as === 'PartialObjectMetadata' ? partialObject(object, version) : object;
}

/** A Table of the given objects, as single reads and watch events carry it. */
export function tableOf(
  kind: AnyKind,
  objects: readonly KubeObject[],
  options: TableOptions & { readonly resourceVersion?: string; readonly withoutColumns?: boolean },
): object {
  const { version, resourceVersion, withoutColumns } = options;
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: resourceVersion === undefined ? {} : { resourceVersion },
    columnDefinitions: withoutColumns ? [] : columnDefinitions(kind),
    rows: objects.map((object) => tableRow(kind, object, options)),
  };
}
