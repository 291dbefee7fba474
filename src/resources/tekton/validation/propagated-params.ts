/** Params that embedded specs see without declaring them: what the run gives, and what is declared further in. */

import type { Param, ParamSpec, ParamValue } from '../param.ts';
import { type Complaint, type Complaints, missingField } from './complaint.ts';
import { type ParamSpecs, typeOfValue } from './params.ts';

const isObject = (value: ParamValue | undefined): value is Readonly<Record<string, string>> =>
  typeof value === 'object' && !Array.isArray(value);

export class PropagatedParams {
  readonly #specs = new Map<string, ParamSpec>();
  readonly #complaints: Complaint[] = [];

  constructor(given: readonly Param[] = []) {
    for (const param of given) this.#give(param);
  }

  /** Adds declarations; a value that is given already wins over the default. */
  declare(specs: ParamSpecs = []): this {
    for (const spec of specs) this.#declare(spec);
    return this;
  }

  /** Adds the params of a pipeline task. */
  pass(params: readonly Param[] = []): this {
    for (const param of params) {
      const before = this.#specs.get(param.name);
      if (before === undefined) this.#give(param);
      else if (isObject(param.value) && isObject(before.default)) {
        const value = { ...before.default, ...param.value };
        this.#specs.set(param.name, {
          ...before,
          default: value,
          properties: { ...before.properties, ...keys(value) },
        });
      }
    }
    return this;
  }

  get specs(): ParamSpecs {
    return [...this.#specs.values()];
  }

  get complaints(): Complaints {
    return this.#complaints;
  }

  #give({ name, value }: Param): void {
    const properties = isObject(value) ? { properties: keys(value) } : {};
    this.#specs.set(name, { name, type: typeOfValue(value), default: value, ...properties });
  }

  #declare(spec: ParamSpec): void {
    const given = this.#specs.get(spec.name);
    if (given === undefined) {
      this.#specs.set(spec.name, spec);
      return;
    }
    if (spec.properties === undefined && (isObject(spec.default) || given.type === 'object')) {
      this.#complaints.push(missingField(`${spec.name}.properties`));
      return;
    }
    const merged =
      isObject(spec.default) && isObject(given.default) ? { ...given.default, ...spec.default } : undefined;
    this.#specs.set(spec.name, {
      ...given,
      ...(merged === undefined ? {} : { default: merged }),
      ...(given.type === 'object' && spec.properties !== undefined ? { properties: spec.properties } : {}),
    });
  }
}

const keys = (value: Readonly<Record<string, string>>): NonNullable<ParamSpec['properties']> =>
  Object.fromEntries(Object.keys(value).map((key) => [key, { type: 'string' }]));
