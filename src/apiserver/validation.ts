/** Checks objects against their kind's schema, with Kubernetes' wording. */

import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type FieldError, notSupported, required } from '../resources/field-error.ts';
import type { JsonSchema } from '../resources/schema.ts';

/** More complaints about one object than this help nobody. */
const mostErrors = 20;

const dateTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

const ajv = new Ajv({
  strict: false,
  allErrors: true,
  verbose: true,
  formats: { 'date-time': (text: string) => dateTime.test(text) && !Number.isNaN(Date.parse(text)) },
});

const compiled = new WeakMap<JsonSchema, ValidateFunction>();

/** The complaints of `schema` about `value`; the paths begin with `path` where it is given. */
export function validateSchema(schema: JsonSchema, value: unknown, path = ''): readonly FieldError[] {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(plainSchema(schema));
    compiled.set(schema, validate);
  }
  if (validate(value)) return [];
  const errors = (validate.errors ?? []).flatMap((error) => fieldErrors(error, path));
  return errors.slice(0, mostErrors);
}

/** The structural schema as plain JSON Schema. */
function plainSchema(schema: JsonSchema): object {
  if (schema['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] };
  const { properties, items, additionalProperties, nullable, type, required: names, enum: values } = schema;
  const { format, pattern, minimum, maximum, minLength, maxLength, minItems } = schema;
  return withoutUndefined({
    type: type !== undefined && nullable === true ? [type, 'null'] : type,
    ...{
      format: format === 'date-time' ? format : undefined,
      pattern,
      minimum,
      maximum,
      minLength,
      maxLength,
      minItems,
    },
    enum: values !== undefined && nullable === true ? [...values, null] : values,
    required: names,
    properties: properties === undefined ? undefined : mapValues(properties, plainSchema),
    items: items === undefined ? undefined : plainSchema(items),
    additionalProperties: additionalProperties === undefined ? undefined : plainSchema(additionalProperties),
  });
}

function fieldErrors(error: ErrorObject, base: string): readonly FieldError[] {
  const field = join(base, error.instancePath);
  const { params, data } = error;
  switch (error.keyword) {
    case 'required':
      return [required(member(field, String(params.missingProperty)))];
    case 'enum':
      return [
        notSupported(field, data, (params.allowedValues as unknown[]).filter((value) => value !== null) as string[]),
      ];
    case 'type': {
      const wanted = [params.type].flat().filter((type) => type !== 'null');
      const shown = JSON.stringify(typeName(data));
      const message = `Invalid value: ${shown}: ${field} in body must be of type ${wanted.join(' or ')}: ${shown}`;
      return [{ field, reason: 'FieldValueTypeInvalid', message }];
    }
    default: {
      const shown = error.keyword === 'minItems' ? (data as unknown[]).length : data;
      const message = `Invalid value: ${JSON.stringify(shown)}: ${field} in body ${ruleText(error)}`;
      return [{ field, reason: 'FieldValueInvalid', message }];
    }
  }
}

function ruleText({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'minimum':
      return `should be greater than or equal to ${params.limit}`;
    case 'maximum':
      return `should be less than or equal to ${params.limit}`;
    case 'minLength':
      return `should be at least ${params.limit} chars long`;
    case 'maxLength':
      return `should be at most ${params.limit} chars long`;
    case 'minItems':
      return `should have at least ${params.limit} items`;
    case 'pattern':
      return `should match '${params.pattern}'`;
    case 'format':
      return `must be of type ${params.format}`;
    default:
      return message ?? 'is invalid';
  }
}

/** `/spec/containers/0/name` as `spec.containers[0].name`. */
function join(base: string, pointer: string): string {
  const parts = pointer.split('/').slice(1);
  return parts.reduce((path, part) => {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return /^\d+$/.test(key) ? `${path}[${key}]` : member(path, key);
  }, base);
}

const member = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

const mapValues = <T, U>(object: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

const withoutUndefined = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
