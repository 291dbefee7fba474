/** Rules of the variables that steps use: they are known, and of a type that fits the field. */

import type { Step } from '../step.ts';
import { type Complaints, under, underEach } from './complaint.ts';
import {
  enumErrors,
  nameFormatErrors,
  namesOf,
  objectsHaveProperties,
  ofType,
  type ParamSpecs,
  repeatedDeclarations,
} from './params.ts';
import { isolated, literal, noneAsWhole, noneOf, onlyKnown } from './variable-references.ts';

/** A field of a step that variables are replaced in; a list's elements may become several. */
interface Field {
  readonly path: string;
  readonly text: string | undefined;
  readonly ofList?: boolean;
}

type Program = Pick<Step, 'name' | 'image' | 'workingDir' | 'script' | 'command' | 'args' | 'env' | 'volumeMounts'>;

function fieldsOf(step: Program): readonly Field[] {
  const listed = (name: string, texts: readonly string[] = []): readonly Field[] =>
    texts.map((text, index) => ({ path: `${name}[${index}]`, text, ofList: true }));
  return [
    { path: 'name', text: step.name },
    { path: 'image', text: step.image },
    { path: 'workingDir', text: step.workingDir },
    { path: 'script', text: step.script },
    ...listed('command', step.command),
    ...listed('args', step.args),
    ...(step.env ?? []).map(({ name, value }) => ({ path: `env[${name}]`, text: value })),
    ...(step.volumeMounts ?? []).flatMap(({ name, mountPath, subPath }, index) => [
      { path: `volumeMount[${index}].name`, text: name },
      { path: `volumeMount[${index}].mountPath`, text: mountPath },
      { path: `volumeMount[${index}].subPath`, text: subPath },
    ]),
  ];
}

/** Those that refer to anything. One step is looked at by many rules. */
const referring = new WeakMap<Program, readonly Field[]>();

function referringFields(step: Program): readonly Field[] {
  let fields = referring.get(step);
  if (fields === undefined) {
    fields = fieldsOf(step).filter(({ text }) => text?.includes('$('));
    referring.set(step, fields);
  }
  return fields;
}

const inFields = (step: Program, rule: (field: Field) => Complaints): Complaints =>
  referringFields(step).flatMap((field) => under(field.path, rule(field)));

/** Everything of `prefix` that a program refers to is known. */
export const knownVariables = (step: Program, prefix: string, known: ReadonlySet<string>): Complaints =>
  inFields(step, ({ text }) => onlyKnown(text, prefix, known));

const inSteps = (steps: readonly Step[], rule: (step: Step) => Complaints): Complaints =>
  underEach('steps', steps, rule);

/** Lists are alone in an element of command or args, and nowhere else. */
export const listUsage = (program: Program, specs: ParamSpecs): Complaints => {
  const lists = namesOf(ofType(specs, 'array'));
  return inFields(program, ({ text, ofList }) =>
    ofList ? isolated(text, 'params', lists) : noneOf(text, 'params', lists),
  );
};

/** Of objects only keys are used, and only those that there are. */
export function objectUsage(program: Program, specs: ParamSpecs): Complaints {
  const objects = ofType(specs, 'object');
  return [
    ...objects.flatMap(({ name, properties = {} }) =>
      knownVariables(program, `params\\.${literal(name)}`, new Set(Object.keys(properties))),
    ),
    ...inFields(program, ({ text }) => noneAsWhole(text, 'params', namesOf(objects))),
  ];
}

/** The declarations, and how steps use lists. */
export const paramVariableErrors = (steps: readonly Step[], specs: ParamSpecs = []): Complaints => [
  ...repeatedDeclarations(specs),
  ...under('params', enumErrors(specs)),
  ...nameFormatErrors(specs),
  ...inSteps(steps, (step) => listUsage(step, specs)),
];

/** Every param that steps use is declared. */
export const declaredParamErrors = (steps: readonly Step[], specs: ParamSpecs = []): Complaints => {
  const known = namesOf(specs);
  return [
    ...inSteps(steps, (step) => [
      ...knownVariables(step, 'params', known),
      ...under('onError', onlyKnown(step.onError, 'params', known)),
    ]),
    ...inSteps(steps, (step) => objectUsage(step, specs)),
    ...objectsHaveProperties(specs),
  ];
};

const ofTaskRun = new Set(['name', 'namespace', 'uid']);
const ofTask = new Set(['name', 'retry-count']);

export const contextVariableErrors = (steps: readonly Step[]): Complaints =>
  inSteps(steps, (step) => [
    ...knownVariables(step, 'context\\.taskRun', ofTaskRun),
    ...knownVariables(step, 'context\\.task', ofTask),
  ]);

/** Scripts write to results that the Task declares. */
export const resultVariableErrors = (
  steps: readonly Step[],
  results: readonly { readonly name: string }[] = [],
): Complaints => {
  const known = new Set(results.map(({ name }) => name));
  return inSteps(steps, ({ script }) => under('script', onlyKnown(script, 'results', known)));
};
