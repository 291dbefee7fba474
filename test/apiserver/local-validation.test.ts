import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateSchema } from '../../src/apiserver/validation.ts';
import type { JsonSchema } from '../../src/resources/schema.ts';

/** The structural schema as plain JSON Schema, for the library that serves as judge. */
function plain(schema: JsonSchema): object {
  if (schema['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] };
  const { properties, items, additionalProperties, nullable, type, enum: values, ...rest } = schema;
  return {
    ...rest,
    ...(type === undefined ? {} : { type: nullable === true ? [type, 'null'] : type }),
    ...(values === undefined ? {} : { enum: nullable === true ? [...values, null] : values }),
    ...(items === undefined ? {} : { items: plain(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: plain(additionalProperties) }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, plain(member)])) }),
  };
}

const names = fc.constantFrom('a', 'b', 'c');
const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  fc.record({ type: fc.constant('string' as const), minLength: fc.nat(2), maxLength: fc.integer({ min: 2, max: 4 }) }),
  fc.constant<JsonSchema>({ type: 'string', pattern: '^[a-c]+$' }),
  fc.constant<JsonSchema>({ type: 'string', enum: ['a', 'ab'], nullable: true }),
  fc.record({ type: fc.constantFrom('integer' as const, 'number' as const), minimum: fc.nat(3), maximum: fc.nat(9) }),
  fc.constant<JsonSchema>({ type: 'boolean' }),
  fc.constant<JsonSchema>({ 'x-kubernetes-int-or-string': true }),
  fc.constant<JsonSchema>({ 'x-kubernetes-preserve-unknown-fields': true }),
);
const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({ type: fc.constant('array' as const), items: tie('schema'), minItems: fc.nat(2) }),
    fc.record({ type: fc.constant('object' as const), additionalProperties: tie('schema') }),
    fc.record({
      type: fc.constant('object' as const),
      properties: fc.dictionary(names, tie('schema')),
      required: fc.uniqueArray(names),
    }),
  ),
}));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('', 'a', 'ab', 'abcde', '😀', 0, 1, 5, 12, 1.5, true, null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value')),
  ),
}));

describe('schema validation', () => {
  it('judges as a JSON Schema library does, and names the same places', () => {
    fc.assert(
      fc.property(schema, value, (given, object) => {
        const judge = new Ajv({ strict: false, allErrors: true }).compile(plain(given));
        judge(object);
        const places = (judge.errors ?? []).map(({ instancePath, params }) =>
          `${instancePath}/${'missingProperty' in params ? params.missingProperty : ''}`
            .replace(/\/$/, '')
            .replace(/\/(\d+)/g, '[$1]')
            .replaceAll('/', '.')
            .replace(/^\./, ''),
        );
        const found = validateSchema(given, object).map(({ field }) => field);
        expect(new Set(found)).toEqual(new Set(places));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['2026-01-01T00:00:00Z', 0],
    ['2026-01-01T00:00:00.123456+02:00', 0],
    ['2026-01-01', 1],
    ['2026-13-01T00:00:00Z', 1],
    ['soon', 1],
  ])('%s as a time: %i complaints', (text, complaints) => {
    expect(validateSchema({ type: 'string', format: 'date-time' }, text, 'at')).toHaveLength(complaints);
  });

  it('does not go on for ever', () => {
    const items: JsonSchema = { type: 'array', items: { type: 'string' } };
    expect(
      validateSchema(
        items,
        Array.from({ length: 1000 }, () => 1),
      ),
    ).toHaveLength(20);
  });
});
