/**
 * What a Pod's schema cannot express. Names of containers and volumes become names of files and arguments of programs
 * that run as root, so nothing but a DNS label gets in. Pure.
 */

import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notFoundValue,
  notSupported,
  required,
} from '../field-error.ts';
import { annotations } from '../labels.ts';
import type { ObjectMeta } from '../meta.ts';
import { isDns1123Label } from '../names.ts';
import { unsupportedFields } from './pod-unsupported.ts';
import { startOrderProblem } from './start-order.ts';

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";

/** As Kubernetes' relaxed rule: any printable ASCII but `=`. */
const isEnvName = (name: string): boolean => /^[ -<>-~]+$/.test(name);

interface Named {
  readonly name: string;
}
interface ContainerShape extends Named {
  readonly env?: readonly Named[];
  readonly volumeMounts?: readonly (Named & {
    readonly mountPath: string;
    readonly subPath?: string;
    readonly subPathExpr?: string;
  })[];
  readonly securityContext?: object;
  readonly restartPolicy?: string;
  readonly startupProbe?: object;
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
  readonly lifecycle?: { readonly postStart?: object; readonly preStop?: object };
}
/** What is looked at of a Pod. */
interface PodShape {
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly containers: readonly ContainerShape[];
    readonly initContainers?: readonly ContainerShape[];
    readonly volumes?: readonly Named[];
    readonly securityContext?: unknown;
    readonly restartPolicy?: string;
  };
}

export function validatePod({ metadata, spec }: PodShape, old?: PodShape): readonly FieldError[] {
  const { containers, initContainers = [], volumes = [] } = spec;
  const known = new Set(volumes.map(({ name }) => name));
  return [
    ...named('spec.initContainers', initContainers),
    ...named('spec.containers', containers, initContainers),
    ...named('spec.volumes', volumes),
    ...initContainers.flatMap((container, index) => [
      ...containerErrors(`spec.initContainers[${index}]`, container, known),
      ...initErrors(`spec.initContainers[${index}]`, container),
    ]),
    ...containers.flatMap((container, index) => [
      ...containerErrors(`spec.containers[${index}]`, container, known),
      ...(container.restartPolicy === undefined
        ? []
        : [forbidden(`spec.containers[${index}].restartPolicy`, 'may not be set for non-init containers')]),
    ]),
    ...userErrors('spec.securityContext', spec.securityContext as object | undefined),
    ...unsupportedErrors(spec, old),
    ...probeErrors('spec.initContainers', initContainers),
    ...probeErrors('spec.containers', containers),
    ...restartErrors(spec.restartPolicy, old),
    ...startOrderErrors(metadata.annotations?.[annotations.startOrder]),
  ];
}

/** What an earlier version let in may end. */
function unsupportedErrors(spec: PodShape['spec'], old: PodShape | undefined): readonly FieldError[] {
  const known = new Set(old === undefined ? [] : unsupportedFields(old.spec).map(({ field }) => field));
  return unsupportedFields(spec).filter(({ field }) => !known.has(field));
}

const probeNames = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
const hookNames = ['postStart', 'preStop'] as const;
const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'];

/** An init container that runs to its end cannot have probes or lifecycle hooks. */
function initErrors(field: string, container: ContainerShape): readonly FieldError[] {
  const { restartPolicy } = container;
  if (restartPolicy === 'Always') return [];
  if (restartPolicy !== undefined) return [notSupported(`${field}.restartPolicy`, restartPolicy, ['Always'])];
  return [...probeNames, 'lifecycle' as const]
    .filter((name) => container[name] !== undefined && container[name] !== null)
    .map((name) => forbidden(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always'));
}

function probeErrors(list: string, containers: readonly ContainerShape[]): readonly FieldError[] {
  return containers.flatMap((container, index) =>
    [
      ...probeNames.map((name) => [name, container[name]] as const),
      ...hookNames.map((name) => [`lifecycle.${name}`, container.lifecycle?.[name]] as const),
    ].flatMap(([name, probe]) => {
      if (probe === undefined || probe === null) return [];
      const field = `${list}[${index}].${name}`;
      const given = handlers.filter((handler) => handler in probe);
      if (given.length === 0) return [required(field, 'must specify a handler type')];
      return given
        .slice(1)
        .map((handler) => forbidden(`${field}.${handler}`, 'may not specify more than 1 handler type'));
    }),
  );
}

/** Kubernetes' default is Always, which `kubectl run` states. One that an earlier version let in may end. */
function restartErrors(policy: string | undefined, old: PodShape | undefined): readonly FieldError[] {
  if (policy === undefined || policy === 'Never' || policy === old?.spec.restartPolicy) return [];
  const field = 'spec.restartPolicy';
  if (policy !== 'Always' && policy !== 'OnFailure') return [notSupported(field, policy, ['Never'])];
  const detail = 'containers are run once here; say Never (kubectl run --restart=Never), or run a Task with retries';
  return [invalid(field, policy, detail)];
}

/** @param others whose names are taken */
function named(field: string, items: readonly Named[], others: readonly Named[] = []): readonly FieldError[] {
  const seen = new Set(others.map(({ name }) => name));
  return items.flatMap(({ name }, index) => {
    const path = `${field}[${index}].name`;
    if (!isDns1123Label(name)) return [invalid(path, name, label)];
    if (seen.has(name)) return [duplicate(path, name)];
    seen.add(name);
    return [];
  });
}

function containerErrors(
  field: string,
  { env = [], volumeMounts = [], securityContext }: ContainerShape,
  volumes: ReadonlySet<string>,
): readonly FieldError[] {
  const errors: FieldError[] = [...userErrors(`${field}.securityContext`, securityContext)];
  for (const [index, { name }] of env.entries())
    if (!isEnvName(name))
      errors.push(invalid(`${field}.env[${index}].name`, name, 'must be printable ASCII characters other than "="'));
  for (const [index, { name, mountPath, subPath = '', subPathExpr = '' }] of volumeMounts.entries()) {
    const path = `${field}.volumeMounts[${index}]`;
    if (!volumes.has(name)) errors.push(notFoundValue(`${path}.name`, name));
    if (mountPath === '') errors.push(required(`${path}.mountPath`));
    else if (/[:\0\n]/.test(mountPath)) errors.push(invalid(`${path}.mountPath`, mountPath, "must not contain ':'"));
    for (const [key, value] of Object.entries({ subPath, subPathExpr }))
      if (value.startsWith('/') || value.split('/').includes('..'))
        errors.push(invalid(`${path}.${key}`, value, "must be a relative path without '..'"));
    if (subPath !== '' && subPathExpr !== '')
      errors.push(invalid(`${path}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
  }
  return errors;
}

/** An open object: its numbers are looked at here. */
function userErrors(field: string, context: object | undefined): readonly FieldError[] {
  const groups = ((context as { supplementalGroups?: readonly unknown[] } | undefined)?.supplementalGroups ?? []).map(
    (id, index) => [`supplementalGroups[${index}]`, id] as const,
  );
  return [...Object.entries(context ?? {}).filter(([name]) => ids.includes(name)), ...groups]
    .filter(([, id]) => id !== null && !isId(id))
    .map(([name, id]) => invalid(`${field}.${name}`, id, 'must be between 0 and 2147483647, inclusive'));
}

const ids = ['runAsUser', 'runAsGroup', 'fsGroup'];
const isId = (id: unknown): boolean => Number.isInteger(id) && (id as number) >= 0 && (id as number) <= 2 ** 31 - 1;

function startOrderErrors(text: string | undefined): readonly FieldError[] {
  const problem = text === undefined ? undefined : startOrderProblem(text);
  return problem === undefined ? [] : [invalid(`metadata.annotations[${annotations.startOrder}]`, text, problem)];
}
