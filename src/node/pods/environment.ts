/** The environment of a container, as Kubernetes resolves it. Pure. */

import type { Container, EnvVar, Pod } from '../../resources/core/pod.ts';
import { quantityValue } from '../../resources/quantity.ts';
import { ConfigError } from './config-error.ts';
import type { References } from './references.ts';

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  /** `NAME=value` of the image and of the root file system; the container's own win. */
  readonly defaults: readonly string[];
  readonly references: References;
  readonly podIP: string;
  readonly hostIP: string;
  readonly nodeName: string;
  /** Limits in force where the container names none: bytes and cores. */
  readonly fallbackLimits: Readonly<Record<string, number>>;
}

/** Later entries win over earlier ones of the same name. @throws ConfigError */
export function resolveEnvironment(input: EnvironmentInput): ReadonlyMap<string, string> {
  const environment = new Map<string, string>();
  for (const entry of input.defaults) {
    const equals = entry.indexOf('=');
    if (equals > 0) environment.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  // $(NAME) sees the variables of the container itself only, as in Kubernetes.
  const own = new Map<string, string>();
  for (const variable of input.container.env ?? []) {
    const value = resolve(variable, own, input);
    if (value === undefined) continue;
    if (value.includes('\0')) throw new ConfigError(`environment variable ${variable.name} contains a NUL byte`);
    own.set(variable.name, value);
    environment.set(variable.name, value);
  }
  return environment;
}

/** Replaces `$(NAME)` where NAME is known; `$$` stands for one `$`. Anything else stays as it is. */
export function expand(text: string, known: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, what: string, name: string | undefined) =>
    what === '$' ? '$' : (known.get(name ?? '') ?? whole),
  );
}

function resolve(variable: EnvVar, own: ReadonlyMap<string, string>, input: EnvironmentInput): string | undefined {
  const from = variable.valueFrom;
  if (from === undefined) return expand(variable.value ?? '', own);
  if (from.fieldRef !== undefined) return fieldValue(variable.name, from.fieldRef.fieldPath, input);
  if (from.resourceFieldRef !== undefined) return resourceValue(variable.name, from.resourceFieldRef, input);
  if (from.secretKeyRef !== undefined) return keyValue('secret', input.references.secrets, from.secretKeyRef);
  if (from.configMapKeyRef !== undefined)
    return keyValue('configmap', input.references.configMaps, from.configMapKeyRef);
  return '';
}

function fieldValue(variable: string, path: string, { pod, podIP, hostIP, nodeName }: EnvironmentInput): string {
  const entry = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (entry !== null) return pod.metadata[entry[1] as 'labels' | 'annotations']?.[entry[2]!] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.podIP': podIP,
    'status.podIPs': podIP,
    'status.hostIP': hostIP,
    'status.hostIPs': hostIP,
  };
  if (!(path in fields)) throw new ConfigError(`environment variable ${variable}: unknown fieldPath ${path}`);
  return fields[path] ?? '';
}

interface ResourceRef {
  readonly containerName?: string;
  readonly resource: string;
  readonly divisor?: string;
}

function resourceValue(
  variable: string,
  ref: ResourceRef,
  { pod, container, fallbackLimits }: EnvironmentInput,
): string {
  const of =
    ref.containerName === undefined || ref.containerName === ''
      ? container
      : pod.spec.containers.find((candidate) => candidate.name === ref.containerName);
  if (of === undefined) throw new ConfigError(`environment variable ${variable}: no container ${ref.containerName}`);
  const [which, resource] = splitResource(ref.resource);
  const given = which === 'requests' ? (of.resources?.requests ?? of.resources?.limits) : of.resources?.limits;
  const stated = given?.[resource];
  const value = stated === undefined ? (which === 'limits' ? fallbackLimits[resource] : 0) : quantityValue(stated);
  if (value === undefined) throw new ConfigError(`environment variable ${variable}: unknown resource ${ref.resource}`);
  const divisor = ref.divisor === undefined || String(ref.divisor) === '0' ? 1 : quantityValue(ref.divisor);
  return String(Math.ceil(value / divisor));
}

function splitResource(text: string): [string, string] {
  const dot = text.indexOf('.');
  return [text.slice(0, dot), text.slice(dot + 1)];
}

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

function keyValue(
  what: string,
  objects: ReadonlyMap<string, Readonly<Record<string, Buffer>> | undefined>,
  ref: KeyRef,
): string | undefined {
  const data = objects.get(ref.name);
  const value = data?.[ref.key];
  if (value !== undefined) return value.toString('utf8');
  if (ref.optional === true) return undefined;
  throw new ConfigError(
    data === undefined ? `${what} "${ref.name}" not found` : `couldn't find key ${ref.key} in ${what} "${ref.name}"`,
  );
}
