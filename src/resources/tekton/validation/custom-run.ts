/** Rules of a CustomRun. */

import type { CustomRun } from '../custom-run.ts';
import {
  type Complaints,
  invalidValue,
  missingField,
  missingOneOf,
  multipleOneOf,
  under,
  underEach,
} from './complaint.ts';
import { duplicateNames, givenParamsErrors } from './params.ts';
import { workspaceBindingErrors } from './workspaces.ts';

/** The first complaint only, as Tekton. */
export function customRunErrors({ customRef, customSpec, ...spec }: CustomRun['spec']): Complaints {
  const { status = '', statusMessage = '', params, workspaces = [] } = spec;
  if (customRef !== undefined && customSpec !== undefined) return [multipleOneOf('spec.customRef', 'spec.customSpec')];
  const field = customRef === undefined ? 'customSpec' : 'customRef';
  const what = customRef ?? customSpec;
  if (what === undefined) return [missingOneOf('spec.customRef', 'spec.customSpec')];
  if (!what.apiVersion) return [missingField(`spec.${field}.apiVersion`)];
  if (!what.kind) return [missingField(`spec.${field}.kind`)];
  if (status === '' && statusMessage !== '')
    return [
      invalidValue(
        `statusMessage should not be set if status is not set, but it is currently set to ${statusMessage}`,
        'statusMessage',
      ),
    ];
  const paramErrors = under('spec.params', givenParamsErrors(params));
  if (paramErrors.length > 0) return paramErrors;
  return [
    ...underEach('spec.workspaces', workspaces, workspaceBindingErrors),
    ...duplicateNames(
      workspaces.map(({ name }) => name),
      (_name, index) => `spec.workspaces[${index}]`,
    ),
  ];
}
