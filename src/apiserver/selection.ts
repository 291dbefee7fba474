/** Which objects of a kind a list or a watch means: namespace, label selector, field selector. */

import type { AnyKind, ListOptions } from '../client/client.ts';
import type { KubeObject } from '../resources/meta.ts';
import {
  type FieldRequirement,
  type Labels,
  type Matcher,
  parseFieldSelector,
  parseLabelSelector,
  SelectorError,
} from '../resources/selector.ts';
import { badRequest } from '../resources/status.ts';

export interface Place {
  readonly namespace: string;
  readonly name: string;
}

const noLabels: Labels = {};

export class Selection {
  readonly namespace: string | undefined;
  /** The only name that can match, where the selector says so. */
  readonly name: string | undefined;
  /** Whether there is any selector. */
  readonly selective: boolean;
  readonly #kind: AnyKind;
  readonly #labels: Matcher | undefined;
  readonly #place: readonly FieldRequirement[];
  readonly #fields: readonly FieldRequirement[];

  /** @throws StatusError BadRequest for a selector that is none, or names a field that cannot be selected */
  constructor(kind: AnyKind, options: ListOptions) {
    this.#kind = kind;
    this.namespace = kind.scope === 'Cluster' ? '' : options.namespace;
    const requirements = parsed(() => parseFieldSelector(options.fieldSelector ?? ''));
    this.#labels = options.labelSelector ? parsed(() => parseLabelSelector(options.labelSelector ?? '')) : undefined;
    this.#place = requirements.filter(({ field }) => isPlace(field));
    this.#fields = requirements.filter(({ field }) => !isPlace(field));
    for (const { field } of this.#fields)
      if (kind.selectableFields?.[field] === undefined) throw badRequest(`field label not supported: ${field}`);
    this.name = this.#place.find(({ field, equal }) => field === 'metadata.name' && equal)?.value;
    this.selective = requirements.length > 0 || this.#labels !== undefined;
  }

  /** What the index alone can decide. */
  matchesIndexed(place: Place, labels: () => Labels | undefined): boolean {
    if (this.namespace !== undefined && this.namespace !== place.namespace) return false;
    for (const { field, equal, value } of this.#place) {
      const found = field === 'metadata.name' ? place.name : place.namespace;
      if ((found === value) !== equal) return false;
    }
    return this.#labels?.(labels() ?? noLabels) ?? true;
  }

  /** The rest, which needs the object. */
  matchesFields(object: KubeObject): boolean {
    return this.#fields.every(
      ({ field, equal, value }) => (this.#kind.selectableFields?.[field]?.(object) === value) === equal,
    );
  }

  /** The rest, from fields that were read before. */
  matchesFieldValues(fields: Labels): boolean {
    return this.#fields.every(({ field, equal, value }) => (fields[field] === value) === equal);
  }

  get readsObjects(): boolean {
    return this.#fields.length > 0;
  }
}

const isPlace = (field: string): boolean => field === 'metadata.name' || field === 'metadata.namespace';

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}
