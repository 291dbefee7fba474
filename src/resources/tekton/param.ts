/** Params and results: their declarations and values (tekton.dev/v1). */

import * as s from '../schema.ts';

/** A param's or result's value: a string, a list or a map of strings. */
export type ParamValue = string | readonly string[] | Readonly<Record<string, string>>;

export const paramTypes = ['string', 'array', 'object'] as const;
export type ParamType = (typeof paramTypes)[number];

/** Tekton's webhook, not the schema, judges the type: its message names the field's values. */
const typeSchema = s.describe(
  '`string`, `array` or `object`. Default: what the default value or the properties say, else `string`.',
  s.optional(s.string()),
);

const propertiesSchema = s.describe(
  'Keys of an object and their types; only strings are supported.',
  s.optional(s.map(s.object({ type: s.describe('Default: `string`.', s.optional(s.string())) }))),
);

const paramSchema = s.object({
  name: s.describe('Name of the param that is set.', s.string()),
  value: s.describe('A string, a list of strings, or an object of strings.', s.any<ParamValue>()),
});
export type Param = s.Infer<typeof paramSchema>;

/** `params` of whatever takes values. */
export const paramsSchema = s.describe('Values of params.', s.optional(s.array(paramSchema)));

const paramSpecSchema = s.object({
  name: s.describe('Name by which `$(params.NAME)` refers to it.', s.string()),
  type: typeSchema,
  description: s.describe('For the reader.', s.optional(s.string())),
  default: s.describe('The value where none is given; without it one must be given.', s.optional(s.any<ParamValue>())),
  properties: propertiesSchema,
  enum: s.describe('The values that a string may have. Default: any.', s.optional(s.array(s.string()))),
});
export type ParamSpec = s.Infer<typeof paramSpecSchema>;

export const paramSpecsSchema = s.describe('Params that values are taken for.', s.optional(s.array(paramSpecSchema)));

const declaredResult = {
  name: s.describe('Name of the result, and of its file.', s.string()),
  type: s.describe('`string`, `array` or `object`. Default: `string`.', s.optional(s.string())),
  properties: propertiesSchema,
  description: s.describe('For the reader.', s.optional(s.string())),
};

export const stepResultSchema = s.object(declaredResult);
export type StepResult = s.Infer<typeof stepResultSchema>;

export const taskResultSchema = s.object({
  ...declaredResult,
  value: s.describe(
    'A result of a step, as `$(steps.STEP.results.NAME)`. Default: what steps write to `$(results.NAME.path)`.',
    s.optional(s.any<ParamValue>()),
  ),
});
export type TaskResult = s.Infer<typeof taskResultSchema>;

/** A result that a run has. */
export const runResultSchema = s.object({
  name: s.describe('Name of the result.', s.string()),
  type: s.describe('`string`, `array` or `object`.', s.optional(s.string())),
  value: s.describe('The value.', s.any<ParamValue>()),
});
export type RunResult = s.Infer<typeof runResultSchema>;
