/** `((name))` in manifests, filled in from --var and --vars-file. Pure. */

import { CliError } from '../errors.ts';

export type Values = Readonly<Record<string, unknown>>;

const whole = /^\(\(([-\w./]+)\)\)$/;
const any = /\(\(([-\w./]+)\)\)/g;

/** A value that is nothing but one variable keeps the variable's type. @throws CliError naming what is missing */
export function fillIn(value: unknown, values: Values): unknown {
  if (Array.isArray(value)) return value.map((item) => fillIn(item, values));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, values)]));
  if (typeof value !== 'string') return value;
  const single = whole.exec(value);
  if (single !== null) return lookUp(single[1]!, values);
  return value.replace(any, (_, name: string) => String(lookUp(name, values)));
}

function lookUp(name: string, values: Values): unknown {
  if (!Object.hasOwn(values, name))
    throw new CliError(`no variable found for key: ((${name}))`, {
      tips: [
        { description: 'Give it a value', command: `kf push --var ${name}=VALUE` },
        { description: 'Or all in a file', command: 'kf push --vars-file FILE' },
      ],
    });
  return values[name];
}
