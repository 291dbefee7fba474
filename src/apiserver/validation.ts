/**
 * Checks values against structural schemas, with Kubernetes' wording. A walk over the schema and no library: the subset
 * is small and closed (schema.ts), and compiling the kinds' schemas to code took half a second of a server's first task.
 */

import { type FieldError, notSupported, required } from '../resources/field-error.ts';
import { isJsonObject, type JsonObject } from '../resources/json.ts';
import { actualSchema, type JsonSchema } from '../resources/schema.ts';

/** More complaints about one object than this help nobody. */
const mostErrors = 20;

/** The complaints of `schema` about `value`; the paths begin with `path` where it is given. */
export function validateSchema(schema: JsonSchema, value: unknown, path = ''): readonly FieldError[] {
  const errors: FieldError[] = [];
  check(schema, value, path, errors);
  return errors.slice(0, mostErrors);
}

function check(node: JsonSchema, value: unknown, path: string, errors: FieldError[]): void {
  const schema = actualSchema(node);
  const types = typesOf(schema);
  if (value === null && schema.nullable === true) return;
  if (types !== undefined && !types.some((type) => hasType(value, type))) {
    const found = JSON.stringify(typeName(value));
    errors.push({
      field: path,
      reason: 'FieldValueTypeInvalid',
      message: `Invalid value: ${found}: ${path} in body must be of type ${types.join(' or ')}: ${found}`,
    });
    return;
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as string))
    errors.push(notSupported(path, value, schema.enum));
  for (const rule of brokenRules(schema, value))
    errors.push({
      field: path,
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(Array.isArray(value) ? value.length : value)}: ${path} in body ${rule}`,
    });
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined)
      for (const [index, item] of value.entries()) check(items, item, `${path}[${index}]`, errors);
  } else if (isJsonObject(value)) checkMembers(schema, value, path, errors);
}

function checkMembers(schema: JsonSchema, object: JsonObject, path: string, errors: FieldError[]): void {
  const member = (name: string): string => (path === '' ? name : `${path}.${name}`);
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(object, name) || object[name] === undefined) errors.push(required(member(name)));
  const { properties = {}, additionalProperties } = schema;
  for (const [name, value] of Object.entries(object)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (known !== undefined && value !== undefined) check(known, value, member(name), errors);
  }
}

type TypeName = NonNullable<JsonSchema['type']>;

/** Undefined: any value. */
function typesOf(schema: JsonSchema): readonly TypeName[] | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return schema.type === undefined ? undefined : [schema.type];
}

function hasType(value: unknown, type: TypeName): boolean {
  switch (type) {
    case 'object':
      return isJsonObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function* brokenRules(schema: JsonSchema, value: unknown): Iterable<string> {
  const { minimum, maximum, minLength, maxLength, minItems, pattern, format } = schema;
  if (typeof value === 'number') {
    if (minimum !== undefined && value < minimum) yield `should be greater than or equal to ${minimum}`;
    if (maximum !== undefined && value > maximum) yield `should be less than or equal to ${maximum}`;
  }
  if (Array.isArray(value) && minItems !== undefined && value.length < minItems)
    yield `should have at least ${minItems} items`;
  if (typeof value !== 'string') return;
  if (minLength !== undefined && lengthOf(value) < minLength) yield `should be at least ${minLength} chars long`;
  if (maxLength !== undefined && lengthOf(value) > maxLength) yield `should be at most ${maxLength} chars long`;
  if (pattern !== undefined && !patternOf(pattern).test(value)) yield `should match '${pattern}'`;
  if (format === 'date-time' && !isDateTime(value)) yield 'must be of type date-time';
}

/** In characters, not in UTF-16 units. */
const lengthOf = (text: string): number => [...text].length;

const patterns = new Map<string, RegExp>();

function patternOf(source: string): RegExp {
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    pattern = new RegExp(source, 'u');
    patterns.set(source, pattern);
  }
  return pattern;
}

const dateTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

const isDateTime = (text: string): boolean => dateTime.test(text) && !Number.isNaN(Date.parse(text));
