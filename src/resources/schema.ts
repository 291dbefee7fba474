/**
 * A builder for structural schemas, the JSON-Schema subset that a Kubernetes CRD may carry.
 * One declaration gives the static type (`Infer`) and the schema (`toJSON`) together. It can express only what
 * a structural schema allows: every node has a type, no `$ref`, no `oneOf` around types, no default beside required.
 */

/** The real schema of a node that refers to itself, which a CRD has to leave open. */
const actual: unique symbol = Symbol('actual');

/** The JSON form of a node, as it stands in a CRD's `openAPIV3Schema`. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  /** How server-side apply takes a list: as a whole (default), as a set of values, as items told apart by their keys. */
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  /** How it takes an object: member by member (default), or as a whole. */
  readonly 'x-kubernetes-map-type'?: 'granular' | 'atomic';
  readonly [actual]?: () => JsonSchema;
}

/** What values of the node are checked by. */
export const actualSchema = (schema: JsonSchema): JsonSchema => schema[actual]?.() ?? schema;

declare const type: unique symbol;

/** A schema node whose values have the static type T; `Optional` says whether a property may be absent. */
export interface Schema<T = unknown, Optional extends boolean = boolean> {
  readonly json: JsonSchema;
  readonly optional: Optional;
  readonly [type]?: T;
}

/** The static type of the values that a schema describes; deeply read-only, as objects from a Client are frozen. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

type Properties = Readonly<Record<string, Schema>>;
type Flatten<T> = { readonly [K in keyof T]: T[K] };
type ObjectType<P extends Properties> = Flatten<
  { readonly [K in keyof P as P[K] extends Schema<unknown, true> ? never : K]: Infer<P[K]> } & {
    readonly [K in keyof P as P[K] extends Schema<unknown, true> ? K : never]?: Infer<P[K]>;
  }
>;

function node<T>(json: JsonSchema): Schema<T, false> {
  return { json, optional: false };
}

type StringRules = Pick<JsonSchema, 'format' | 'pattern' | 'minLength' | 'maxLength'>;
type NumberRules = Pick<JsonSchema, 'minimum' | 'maximum' | 'format'>;

export const string = (rules: StringRules = {}): Schema<string, false> => node({ type: 'string', ...rules });

export const integer = (rules: NumberRules = {}): Schema<number, false> => node({ type: 'integer', ...rules });

export const boolean = (): Schema<boolean, false> => node({ type: 'boolean' });

/** An RFC 3339 time. */
export const time = (): Schema<string, false> => string({ format: 'date-time' });

/** A Kubernetes quantity (`100m`, `1Gi`); a plain number is accepted too. */
export const quantity = (): Schema<string, false> => node({ 'x-kubernetes-int-or-string': true });

/** An integer or a string, as Kubernetes' IntOrString. */
export const intOrString = (): Schema<number | string, false> => node({ 'x-kubernetes-int-or-string': true });

export const enumeration = <const V extends readonly string[]>(...values: V): Schema<V[number], false> =>
  node({ type: 'string', enum: values });

export const array = <T>(items: Schema<T>, rules: Pick<JsonSchema, 'minItems'> = {}): Schema<readonly T[], false> =>
  node({ type: 'array', items: items.json, ...rules });

/** A list whose items are told apart by members of theirs: several managers can have items in it. */
export const keyed = <T>(
  keys: readonly [string, ...string[]],
  items: Schema<T>,
  rules: Pick<JsonSchema, 'minItems'> = {},
): Schema<readonly T[], false> =>
  node({
    ...array(items, rules).json,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
  });

/** An object that has one manager as a whole. */
export const atomic = <T, O extends boolean>(schema: Schema<T, O>): Schema<T, O> => ({
  json: { ...schema.json, 'x-kubernetes-map-type': 'atomic' },
  optional: schema.optional,
});

/** A map from any string to values of one schema. */
export const map = <T>(values: Schema<T>): Schema<Readonly<Record<string, T>>, false> =>
  node({ type: 'object', additionalProperties: values.json });

/** Any JSON object, kept as it is. The static type is the caller's own claim. */
export const anyObject = <T = Readonly<Record<string, unknown>>>(): Schema<T, false> =>
  node({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });

/** An object that may hold more of its own kind: a CRD has no references, so there it is any. */
export const recursive = <T>(json: () => JsonSchema): Schema<T, false> =>
  node({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, [actual]: json });

/** Any JSON value, kept as it is. */
export const any = <T = unknown>(): Schema<T, false> => node({ 'x-kubernetes-preserve-unknown-fields': true });

/** An object with known properties; unknown ones are pruned or refused, unless `open` keeps them. */
export function object<P extends Properties>(
  properties: P,
  rules: { open?: boolean } = {},
): Schema<ObjectType<P>, false> {
  const required = Object.keys(properties).filter((name) => !properties[name]?.optional);
  return node({
    type: 'object',
    properties: Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, schema.json])),
    ...(required.length > 0 ? { required } : {}),
    ...(rules.open ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  });
}

export const optional = <T>(schema: Schema<T>): Schema<T, true> => ({ json: schema.json, optional: true });

/** Optional in a request; the server fills in `value`, so a stored object always has it. */
export const withDefault = <T>(schema: Schema<T>, value: T): Schema<T, true> => ({
  json: { ...schema.json, default: value },
  optional: true,
});

export const describe = <T, O extends boolean>(description: string, schema: Schema<T, O>): Schema<T, O> => ({
  json: { ...schema.json, description },
  optional: schema.optional,
});
