/** How a kind of resource is declared: once, for types, validation, tables, CRDs and discovery together. */

import type { FieldError } from './field-error.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject, ObjectMeta } from './meta.ts';
import type { Infer, JsonSchema, Schema } from './schema.ts';

/** A column of `kubectl get`; `jsonPath` in Kubernetes' JSONPath dialect, relative to the object. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly jsonPath: string;
  /** 0 (default): always shown; 1: with `-o wide` only. */
  readonly priority?: number;
  readonly description?: string;
}

/** What one version of a kind is in another. Pure. */
export interface Conversion {
  /** What a client sent, of whatever form, as the stored version has it. @throws StatusError for what that cannot say */
  readonly toStored: (body: JsonObject) => JsonObject;
  readonly fromStored: <T extends KubeObject>(object: T) => T;
}

/** A further version in which a kind is served. */
export interface OtherVersion {
  readonly version: string;
  /** Default: its fields are those of the stored version. */
  readonly conversion?: Conversion;
}

/** The parts of a kind, apart from its names. */
export interface KindRules<T extends KubeObject> {
  /** Fills in what the schema's defaults cannot express (labels, values copied from others). Pure. */
  readonly default?: (object: T) => T;
  /** What the schema cannot express. `old` is the stored object on update. Pure; reads no other object. */
  readonly validate?: (object: T, old?: T) => readonly FieldError[];
  /**
   * What an admission webhook of the kind's own project would refuse, in its words; answered as BadRequest.
   * `old` is the stored object on update. Pure.
   */
  readonly admit?: (object: T, old?: T) => string | undefined;
  /** What whoever writes such an object is told, as a warning. */
  readonly notice?: string;
  /** Whether the object can never change its outcome again; finished objects leave the server's memory. */
  readonly finished?: (object: T) => boolean;
  /** Fields beside metadata.name and metadata.namespace that a fieldSelector may name. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  /** Further versions that are served. */
  readonly otherVersions?: readonly OtherVersion[];
  /** Whether a field is known in any case of its letters, as Go's decoder has it: `mountpath` is `mountPath`. */
  readonly anyCase?: boolean;
}

export interface Kind<T extends KubeObject = KubeObject> extends KindRules<T> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
  readonly hasStatus: boolean;
  readonly columns: readonly PrinterColumn[];
  /** The schema of the whole object except apiVersion, kind and metadata. */
  readonly schema: JsonSchema;
}

/** The object type that a kind serves. */
export type ObjectOf<K> = K extends Kind<infer T> ? T : never;

type Body = Readonly<Record<string, Schema>>;
type BodyOf<B extends Body> = {
  readonly [K in keyof B as B[K] extends Schema<unknown, true> ? never : K]: Infer<B[K]>;
} & { readonly [K in keyof B as B[K] extends Schema<unknown, true> ? K : never]?: Infer<B[K]> };

/** The object type of a body schema: its fields beside apiVersion, kind and metadata. */
export type Resource<B extends Body> = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
} & BodyOf<B>;

interface KindDeclaration<B extends Body> extends KindRules<Resource<B>> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Default: the lower-case kind with an `s`. */
  readonly plural?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly scope?: 'Namespaced' | 'Cluster';
  readonly columns?: readonly PrinterColumn[];
  readonly body: B;
}

/** What every kind's spec and status are, where the kind says no more. */
const common: Readonly<Record<string, string>> = { spec: 'What is wanted.', status: 'How it is, as last observed.' };

function described(name: string, json: JsonSchema): JsonSchema {
  const description = json.description ?? common[name];
  return description === undefined ? json : { ...json, description };
}

/** Declares a kind. A `status` field in the body makes the status subresource. */
export function defineKind<B extends Body>(declaration: KindDeclaration<B>): Kind<Resource<B>> {
  const { body, kind, plural, shortNames, categories, scope, columns, ...rest } = declaration;
  const required = Object.keys(body).filter((name) => !body[name]?.optional);
  return {
    ...rest,
    kind,
    plural: plural ?? `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    shortNames: shortNames ?? [],
    categories: categories ?? [],
    scope: scope ?? 'Namespaced',
    columns: columns ?? [],
    hasStatus: 'status' in body,
    schema: {
      type: 'object',
      properties: Object.fromEntries(Object.entries(body).map(([name, { json }]) => [name, described(name, json)])),
      ...(required.length > 0 ? { required } : {}),
    },
  };
}

/** `v1` or `group/version`. */
export function apiVersionOf(kind: Kind<never> | Kind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** `pods` or `pipelineruns.tekton.dev`, as error messages and CRD names have it. */
export function groupResourceOf(kind: Kind<never> | Kind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}
