/** Rules of a StepAction. */

import type { StepActionSpec } from '../step-action.ts';
import { type Complaints, detailed, generic, missingField, under, underEach } from './complaint.ts';
import { nameFormatErrors, namesOf, objectsHaveProperties, paramTypeErrors, repeatedDeclarations } from './params.ts';
import { stepResultErrors } from './results.ts';
import { knownVariables, listUsage, objectUsage } from './step-variables.ts';
import { onlyKnown, referencesIn } from './variable-references.ts';

export function stepActionErrors(spec: StepActionSpec): Complaints {
  const { image = '', script = '', command = [], params = [], results = [] } = spec;
  const known = namesOf(params);
  const resultNames = namesOf(results);
  return under('spec', [
    ...(image === '' ? [missingField('Image')] : []),
    ...(script !== '' && command.length > 0 ? [generic('script cannot be used with command', 'script')] : []),
    ...(referencesIn(script, 'params').length > 0
      ? [generic('param substitution in scripts is not allowed.', 'script')]
      : []),
    ...knownVariables(spec, 'params', known),
    ...objectUsage(spec, params),
    ...objectsHaveProperties(params),
    ...under('params', paramTypeErrors(params)),
    ...repeatedDeclarations(params),
    ...nameFormatErrors(params),
    ...listUsage(spec, params),
    ...under('script', onlyKnown(script, 'step.results', resultNames)),
    ...under('script', onlyKnown(script, 'results', resultNames)),
    ...underEach('results', results, stepResultErrors),
    ...volumeMountErrors(spec, known),
  ]);
}

/** The Task that uses it says which volume it is. */
const volumeMountErrors = ({ volumeMounts }: StepActionSpec, known: ReadonlySet<string>): Complaints =>
  underEach('volumeMounts', volumeMounts, ({ name }) => {
    const references = referencesIn(name, 'params');
    if (references.length !== 1 || references[0]?.expression !== name)
      return [detailed(`invalid value: ${name}`, 'name', 'expect the Name to be a single param reference')];
    return onlyKnown(name, 'params', known);
  });
