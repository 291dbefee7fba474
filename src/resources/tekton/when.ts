/** `when` of a step or a pipeline task: whether it runs. Variables have been replaced before. Pure. */

import { evaluateCel } from './cel.ts';

export interface WhenExpression {
  readonly input?: string;
  /** `in` or `notin`. */
  readonly operator?: string;
  readonly values?: readonly string[];
  readonly cel?: string;
}

/**
 * Whether all expressions are true; none at all are.
 * @throws CelError: reason CELEvaluationFailed. An expression behind one that is false is not evaluated.
 */
export function whenAllows(expressions: readonly WhenExpression[] | undefined): boolean {
  return (expressions ?? []).every(isTrue);
}

function isTrue({ input = '', operator, values = [], cel }: WhenExpression): boolean {
  if (cel !== undefined && cel !== '') return evaluateCel(cel);
  const found = values.includes(input);
  return operator === 'in' ? found : !found;
}
