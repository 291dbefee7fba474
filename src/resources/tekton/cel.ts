/**
 * CEL, as Tekton uses it in `when`: an expression without variables of its own, for Tekton's variables have been put
 * into it as text. The library is loaded with the first expression: most servers never meet one.
 */

import { createRequire } from 'node:module';
import { inTime, TookTooLong } from '../in-time.ts';

type Library = Pick<import('@marcbachmann/cel-js').Environment, 'check' | 'evaluate'>;

/** A CEL expression that cannot be compiled, fails, or is no boolean. Tekton's reason: CELEvaluationFailed. */
export class CelError extends Error {
  override readonly name = 'CelError';
}

/** Milliseconds that an expression may take: regular expressions and nested macros have no other bound. */
const longest = 200;

let loaded: Library | undefined;
function library(): Library {
  if (loaded === undefined) {
    const { Environment } = createRequire(import.meta.url)(
      '@marcbachmann/cel-js',
    ) as typeof import('@marcbachmann/cel-js');
    // Of its own: there a name that is not declared is a fault.
    loaded = new Environment();
  }
  return loaded;
}

/** The first line: the others draw the place with carets. */
const firstLine = (error: unknown): string => String((error as { message?: unknown }).message).split('\n')[0] ?? '';

/** Why the expression cannot be compiled, or undefined. Nothing is evaluated. */
export function celFault(expression: string): string | undefined {
  try {
    const { valid, error } = library().check(expression);
    return valid ? undefined : firstLine(error);
  } catch (error) {
    // Nested deeper than the stack is.
    return firstLine(error);
  }
}

/** @throws CelError */
export function evaluateCel(expression: string): boolean {
  const fault = celFault(expression);
  if (fault !== undefined) throw new CelError(fault);
  const result = evaluated(expression);
  if (typeof result !== 'boolean') throw new CelError(`The CEL expression ${expression} is not evaluated to a boolean`);
  return result;
}

function evaluated(expression: string): unknown {
  try {
    return inTime(longest, () => library().evaluate(expression, {}));
  } catch (error) {
    throw new CelError(
      error instanceof TookTooLong ? `The CEL expression ${expression} takes too long` : firstLine(error),
    );
  }
}
