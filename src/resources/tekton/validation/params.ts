/** Rules of params: their declarations, names, types, defaults and enums. */

import type { Param, ParamSpec, ParamType, ParamValue } from '../param.ts';
import { paramTypes } from '../param.ts';
import { type Complaints, detailed, generic, invalidValue, missingField, multipleOneOf, under } from './complaint.ts';

export type ParamSpecs = readonly ParamSpec[];

export function typeOfValue(value: ParamValue): ParamType {
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? 'array' : 'object';
}

/** The strings of a value. */
export function textsOf(value: ParamValue): readonly string[] {
  if (typeof value === 'string') return [value];
  return Object.values(value);
}

export const namesOf = (specs: readonly { readonly name: string }[]): ReadonlySet<string> =>
  new Set(specs.map(({ name }) => name));

export const ofType = (specs: ParamSpecs, type: ParamType): ParamSpecs => specs.filter((spec) => spec.type === type);

/** Names that are there more than once, whatever their case. */
export function duplicateNames(names: readonly string[], path: (name: string, index: number) => string): Complaints {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    const key = name.toLowerCase();
    if (seen.has(key)) return [multipleOneOf(`${path(name, index)}.name`)];
    seen.add(key);
    return [];
  });
}

/** `params` of a run or a reference. */
export const givenParamsErrors = (params: readonly Param[] = []): Complaints =>
  duplicateNames(
    params.map(({ name }) => name),
    (name) => `[${name}]`,
  );

/** `params` of a pipeline task or a matrix. */
export function repeatedParamErrors(params: readonly Param[] = []): Complaints {
  const seen = new Set<string>();
  return params.flatMap(({ name }, index) => {
    const again = seen.has(name);
    seen.add(name);
    return again
      ? [generic(`parameter names must be unique, the parameter "${name}" is also defined at`, `[${index}].name`)]
      : [];
  });
}

/** The type is one, the default has it, and the properties of an object are strings. */
export const paramTypeErrors = (specs: ParamSpecs = []): Complaints => specs.flatMap(typeErrors);

function typeErrors({ name, type, default: value, properties }: ParamSpec): Complaints {
  if (!paramTypes.includes(type as ParamType)) return [invalidValue(type ?? '', `${name}.type`)];
  if (value !== undefined && typeOfValue(value) !== type)
    return [
      generic(
        `"${type}" type does not match default value's type: "${typeOfValue(value)}"`,
        `${name}.type`,
        `${name}.default.type`,
      ),
    ];
  const wrong = wrongProperties(properties);
  return wrong.length === 0
    ? []
    : [generic(`The value type specified for these keys [${wrong.join(' ')}] is invalid`, `${name}.properties`)];
}

/** Keys whose type is not a string. */
export const wrongProperties = (properties: ParamSpec['properties'] = {}): readonly string[] =>
  Object.entries(properties)
    .filter(([, { type }]) => type !== 'string')
    .map(([key]) => key)
    .sort();

/** Objects say which keys they have. */
export const objectsHaveProperties = (specs: ParamSpecs): Complaints =>
  ofType(specs, 'object').flatMap(({ name, properties }) =>
    properties === undefined ? [missingField(`${name}.properties`)] : [],
  );

const duplicates = (values: readonly string[]): readonly string[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];

export const repeatedDeclarations = (specs: ParamSpecs): Complaints =>
  duplicates(specs.map(({ name }) => name)).map((name) =>
    generic('parameter appears more than once', `params[${name}]`),
  );

/** An enum is of a string, without repetitions, and has the default. */
export const enumErrors = (specs: ParamSpecs): Complaints =>
  specs.flatMap(({ name, type, default: value, enum: allowed = [] }) => {
    if (allowed.length === 0) return [];
    return under(`[${name}]`, [
      ...(type === 'string' ? [] : [generic('enum can only be set with string type param', '')]),
      ...duplicates(allowed).map((value) => generic(`parameter enum value ${value} appears more than once`, '')),
      ...(typeof value === 'string' && value !== '' && !allowed.includes(value)
        ? [generic(`param default value ${value} not in the enum list`, '')]
        : []),
    ]);
  });

const plainName = /^[_a-zA-Z][_a-zA-Z0-9.-]*$/;
const objectName = /^[_a-zA-Z][_a-zA-Z0-9-]*$/;

export function nameFormatErrors(specs: ParamSpecs): Complaints {
  const objects = ofType(specs, 'object');
  const plain = specs
    .filter(({ type, name }) => type !== 'object' && !plainName.test(name))
    .map(({ name }) => name)
    .sort();
  const keys = objects
    .map(({ name, properties = {} }) => {
      const wrong = Object.keys(properties).filter((key) => !objectName.test(key));
      return { name, wrong, broken: wrong.length > 0 || !objectName.test(name) };
    })
    .filter(({ broken }) => broken)
    .map(({ name, wrong }) => `${name}:[${wrong.join(' ')}]`)
    .sort();
  return [
    ...(plain.length === 0
      ? []
      : [
          detailed(
            `The format of following array and string variable names is invalid: [${plain.join(' ')}]`,
            'params',
            'String/Array Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_), and dots (.)\nMust begin with a letter or an underscore (_)',
          ),
        ]),
    ...(keys.length === 0
      ? []
      : [
          detailed(
            `Object param name and key name format is invalid: map[${keys.join(' ')}]`,
            'params',
            'Object Names: \nMust only contain alphanumeric characters, hyphens (-), underscores (_) \nMust begin with a letter or an underscore (_)',
          ),
        ]),
  ];
}
