/** Rules of when expressions. */

import { celFault } from '../cel.ts';
import type { WhenExpression } from '../when-expression.ts';
import { type Complaints, generic, invalidValue, missingField, underEach } from './complaint.ts';

export const whenErrors = (expressions: readonly WhenExpression[] | undefined): Complaints =>
  underEach('when', expressions, expressionErrors);

function expressionErrors({ input = '', operator = '', values = [], cel = '' }: WhenExpression): Complaints {
  if (cel !== '') {
    if (input !== '' || operator !== '' || values.length > 0)
      return [
        generic(
          `cel and input+operator+values cannot be set in one WhenExpression: {${input} ${operator} [${values.join(' ')}] ${cel}}`,
          '',
        ),
      ];
    const fault = celFault(cel);
    return fault === undefined ? [] : [generic(`invalid cel expression: ${cel} with err: ${fault}`, '')];
  }
  if (input === '' && operator === '' && values.length === 0) return [missingField('')];
  if (operator !== 'in' && operator !== 'notin')
    return [invalidValue(`operator ${JSON.stringify(operator)} is not recognized. valid operators: in,notin`, '')];
  return values.length === 0 ? [invalidValue('expecting non-empty values field', '')] : [];
}
