/** The resolver of references that name nothing: the setting `tekton.resolver`. Pure. */

import { isJsonObject } from '../../json.ts';

interface Reference {
  readonly name?: unknown;
  readonly resolver?: unknown;
}

const references: readonly string[] = ['taskRef', 'pipelineRef', 'ref'];
/** Where specs are within specs. */
const specs: readonly string[] = ['spec', 'taskSpec', 'pipelineSpec', 'tasks', 'finally', 'steps'];

const ofTekton: readonly string[] = ['Task', 'Pipeline', 'TaskRun', 'PipelineRun'];

/** @param resolver undefined is none: the object as it is */
export function withDefaultResolver<T extends object>(
  { group, kind }: { readonly group: string; readonly kind: string },
  object: T,
  resolver: string | undefined,
): T {
  if (resolver === undefined || group !== 'tekton.dev' || !ofTekton.includes(kind)) return object;
  return filled(object, resolver) as T;
}

function filled(value: unknown, resolver: string): unknown {
  if (Array.isArray(value)) return value.map((item) => filled(item, resolver));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, member]) => {
      if (references.includes(field) && isJsonObject(member)) return [field, resolved(member, resolver)];
      return [field, specs.includes(field) ? filled(member, resolver) : member];
    }),
  );
}

/** One with an API of its own is a custom task. */
const resolved = (reference: Reference & { readonly apiVersion?: unknown }, resolver: string): Reference =>
  reference.name || reference.resolver || reference.apiVersion ? reference : { ...reference, resolver };
