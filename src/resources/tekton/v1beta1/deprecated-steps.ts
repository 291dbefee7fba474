/**
 * Fields that steps and their template had in v1beta1 and that say nothing any more. As with Tekton, v1 keeps them in an
 * annotation, by the name of the task, for those who read the object as v1beta1 again. Pure.
 */

import { isJsonObject, type JsonObject, jsonInOrder, parseJsonObject } from '../../json.ts';
import { isEmpty, memberOf, withMember } from './shape.ts';

const annotation = 'tekton.dev/v1beta1.task-deprecations';

const ofSteps: readonly string[] = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'stdin',
  'stdinOnce',
  'tty',
];
const ofTemplates: readonly string[] = ['name', ...ofSteps];

interface Deprecated {
  readonly deprecatedSteps?: readonly unknown[];
  readonly deprecatedStepTemplate?: unknown;
}

/** The object without these fields, its annotation with them. @param isTask the object is a Task, not of one */
export function setAside(object: JsonObject, isTask: boolean): JsonObject {
  const found = new Map<string, Deprecated>();
  const stripped = mapTaskSpecs(object, isTask, (spec, name) => {
    const deprecated = deprecatedOf(spec);
    if (deprecated !== undefined) found.set(name, deprecated);
    return without(spec);
  });
  if (found.size === 0) return stripped;
  const known = parseJsonObject(noteOf(object) ?? '{}') ?? {};
  return annotated(stripped, jsonInOrder({ ...known, ...Object.fromEntries(found) }));
}

export function putBack(object: JsonObject, isTask: boolean): JsonObject {
  const note = noteOf(object);
  const known = note === undefined ? undefined : parseJsonObject(note);
  if (known === undefined) return object;
  const used = new Set<string>();
  const restored = mapTaskSpecs(object, isTask, (spec, name) => {
    // A name that was yet to be made up was none.
    const key = Object.hasOwn(known, name) ? name : '';
    if (!Object.hasOwn(known, key)) return spec;
    used.add(key);
    return withDeprecated(spec, known[key] as Deprecated);
  });
  const left = Object.fromEntries(Object.entries(known).filter(([key]) => !used.has(key)));
  return annotated(restored, Object.keys(left).length === 0 ? undefined : jsonInOrder(left));
}

function deprecatedOf(spec: JsonObject): Deprecated | undefined {
  const steps = Array.isArray(spec.steps) ? (spec.steps as readonly unknown[]) : [];
  const lost = steps.map((step) => picked(step, ofSteps));
  const template = picked(spec.stepTemplate, ofTemplates);
  if ([...lost, template].every(isEmpty)) return undefined;
  return {
    // Go's decoder knows no step without these.
    deprecatedSteps: lost.map((fields) => ({ name: '', ...fields, resources: {} })),
    ...(isEmpty(template) ? {} : { deprecatedStepTemplate: { ...template, resources: {} } }),
  };
}

const without = (spec: JsonObject): JsonObject =>
  withMember(
    withMember(spec, 'steps', (steps) =>
      Array.isArray(steps) ? steps.map((step) => omitted(step, ofSteps)) : (steps as unknown),
    ),
    'stepTemplate',
    (template) => omitted(template, ofTemplates),
  );

/** Where the steps are no longer those that it was written for, nothing fits. */
function withDeprecated(spec: JsonObject, { deprecatedSteps = [], deprecatedStepTemplate }: Deprecated): JsonObject {
  const { steps, stepTemplate } = spec;
  if (!Array.isArray(steps) || steps.length !== deprecatedSteps.length) return spec;
  const lost = picked(deprecatedStepTemplate, ofTemplates);
  return {
    ...spec,
    steps: steps.map((step, index) =>
      isJsonObject(step) ? { ...step, ...picked(deprecatedSteps[index], ofSteps) } : (step as unknown),
    ),
    ...(isEmpty(lost) ? {} : { stepTemplate: { ...(isJsonObject(stepTemplate) ? stepTemplate : {}), ...lost } }),
  };
}

function picked(value: unknown, names: readonly string[]): JsonObject {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([name, member]) => names.includes(name) && !isEmpty(member)));
}

const omitted = (value: unknown, names: readonly string[]): unknown =>
  isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) : value;

type Change = (spec: JsonObject, name: string) => JsonObject;

/** Every TaskSpec in an object, with the name that Tekton files it under: its pipeline task's, else the object's. */
function mapTaskSpecs(object: JsonObject, isTask: boolean, change: Change): JsonObject {
  const name = String(memberOf(object.metadata, 'name') ?? '');
  const changed = (spec: unknown, of: string): unknown => (isJsonObject(spec) ? change(spec, of) : spec);
  if (isTask) return withMember(object, 'spec', (spec) => changed(spec, name));
  const within = (value: unknown, of: string): unknown => {
    if (Array.isArray(value)) return value.map((task) => within(task, String(memberOf(task, 'name') ?? '')));
    const own = withMember(value, 'taskSpec', (spec) => changed(spec, of));
    return ['spec', 'status', 'pipelineSpec', 'tasks', 'finally'].reduce(
      (whole, member) => withMember(whole, member, (inner) => within(inner, of)),
      own,
    );
  };
  return within(object, name) as JsonObject;
}

function noteOf(object: JsonObject): string | undefined {
  const note = memberOf(memberOf(object.metadata, 'annotations'), annotation);
  return typeof note === 'string' ? note : undefined;
}

function annotated(object: JsonObject, note: string | undefined): JsonObject {
  const metadata = isJsonObject(object.metadata) ? object.metadata : {};
  const { annotations: given, ...rest } = metadata;
  const { [annotation]: _former, ...others } = isJsonObject(given) ? given : {};
  const annotations = note === undefined ? others : { ...others, [annotation]: note };
  return {
    ...object,
    metadata: { ...rest, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
  };
}
