/** A condition that guards a step or a pipeline task (tekton.dev/v1). */

import * as s from '../schema.ts';

export const whenExpressionSchema = s.object({
  input: s.describe('What is looked for; may have variables.', s.optional(s.string())),
  operator: s.describe('`in` or `notin`.', s.optional(s.string())),
  values: s.describe('Where it is looked for; may have variables.', s.optional(s.array(s.string()))),
  cel: s.describe('A CEL expression, instead of input, operator and values.', s.optional(s.string())),
});
export type WhenExpression = s.Infer<typeof whenExpressionSchema>;

export const whenSchema = s.describe('All must hold, or it is skipped.', s.optional(s.array(whenExpressionSchema)));
