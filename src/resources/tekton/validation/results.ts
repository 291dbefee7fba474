/** Rules of the results that Tasks and steps declare. */

import { isDns1123Label } from '../../names.ts';
import type { StepResult, TaskResult } from '../param.ts';
import { type Complaints, detailed, generic, invalidValue, missingField, quoted } from './complaint.ts';
import { wrongProperties } from './params.ts';

const nameFormat = '^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$';
const namePattern = new RegExp(nameFormat);
const nameRule = `must consist of alphanumeric characters, '-', '_', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my-name',  or 'my_name', regex used for validation is '${nameFormat}')`;
const dnsLabel =
  'For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names';

export function taskResultErrors(result: TaskResult): Complaints {
  const { name, type = '', properties } = result;
  if (!namePattern.test(name)) return [invalidName(name)];
  const typed =
    type === 'object'
      ? objectErrors(name, properties, 'The')
      : ['', 'string', 'array'].includes(type)
        ? []
        : [invalidValue(type, 'type', 'type must be string')];
  return [...typed, ...valueErrors(result)];
}

export function stepResultErrors({ name, type = '', properties }: StepResult): Complaints {
  if (!namePattern.test(name)) return [invalidName(name)];
  if (type === 'object') return objectErrors(name, properties, 'the');
  return ['', 'string', 'array'].includes(type) ? [] : [invalidValue(type, 'type', `invalid type ${type}`)];
}

const invalidName = (name: string) => detailed(`invalid key name ${quoted(name)}`, 'name', `Name ${nameRule}`);

function objectErrors(name: string, properties: TaskResult['properties'], article: 'The' | 'the'): Complaints {
  if (Object.keys(properties ?? {}).length === 0) return [missingField(`${name}.properties`)];
  const wrong = wrongProperties(properties);
  return wrong.length === 0
    ? []
    : [
        generic(
          `${article} value type specified for these keys [${wrong.join(' ')}] is invalid, the type must be string`,
          `${name}.properties`,
        ),
      ];
}

/** A value is one reference to a result of a step. */
function valueErrors({ name, value }: TaskResult): Complaints {
  if (value === undefined || value === '') return [];
  if (typeof value !== 'string') {
    const type = Array.isArray(value) ? 'array' : 'object';
    return [generic(`Invalid Type. Wanted string but got: "${type}"`, `${name}.type`)];
  }
  const path = `${name}.value`;
  const form = '$(steps.<stepName>.results.<resultName>)';
  const [, step, result] = /\$\(steps\.(.*?)\.results\.(.*?)\)/.exec(value) ?? [];
  if (step === undefined || result === undefined)
    return [
      generic(
        `Could not extract step name and result name. Expected value to look like ${form} but got "${value}"`,
        path,
      ),
    ];
  return [
    ...(isDns1123Label(step)
      ? []
      : [
          detailed(
            `invalid extracted step name ${quoted(step)}`,
            path,
            `stepName in ${form} must be a valid DNS Label, ${dnsLabel}`,
          ),
        ]),
    ...(namePattern.test(result)
      ? []
      : [detailed(`invalid extracted result name ${quoted(result)}`, path, `resultName in ${form} ${nameRule}`)]),
  ];
}
