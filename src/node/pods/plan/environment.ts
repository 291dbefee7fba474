/** The environment of a container, as Kubernetes resolves it. Pure. */

import type { Container, EnvVar, Pod } from '../../../resources/core/pod.ts';
import { containersOf } from '../../../resources/core/pod-containers.ts';
import { quantityValue } from '../../../resources/quantity.ts';
import { ConfigError } from './config-error.ts';
import type { References } from './references.ts';

/** What fields of a Pod are looked up in. */
export interface PodFacts {
  readonly pod: Pod;
  readonly podIP: string;
  readonly hostIP: string;
  readonly nodeName: string;
  /** Limits in force where the container names none: bytes and cores. */
  readonly fallbackLimits: Readonly<Record<string, number>>;
}

export interface EnvironmentInput extends PodFacts {
  readonly container: Container;
  /** `NAME=value` of the image and of the root file system; the container's own win. */
  readonly defaults: readonly string[];
  readonly references: References;
  /** Completes the values that `env` states. Default: they stay as they are. */
  readonly complete?: (text: string) => string;
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
  for (const [name, value] of wholeObjects(input)) own.set(name, checked(name, value));
  for (const variable of input.container.env ?? []) {
    const value = resolve(variable, own, input);
    if (value !== undefined) own.set(variable.name, checked(variable.name, value));
  }
  const stated = new Set((input.container.env ?? []).filter((one) => one.valueFrom == null).map(({ name }) => name));
  for (const [name, value] of own)
    environment.set(name, stated.has(name) ? checked(name, input.complete?.(value) ?? value) : value);
  return environment;
}

function checked(name: string, value: string): string {
  if (value.includes('\0')) throw new ConfigError(`environment variable ${name} contains a NUL byte`);
  checkLength(`${name}=${value}`, `environment variable ${name}`);
  return value;
}

/** Bytes of one word or variable that Linux gives to a program (MAX_ARG_STRLEN), without the NUL at its end. */
const longestWord = 128 * 1024 - 1;

/** The init could not be run with it, and would be blamed. @param what for the message. @throws ConfigError */
export function checkLength(word: string, what: string): void {
  // No character has more bytes than three for each of its UTF-16 units.
  if (word.length * 3 <= longestWord) return;
  const bytes = Buffer.byteLength(word);
  if (bytes > longestWord)
    throw new ConfigError(`${what} has ${bytes} bytes, and a program can be given ${longestWord} at most`);
}

/** What `envFrom` brings. Keys that are no names of variables are left out, as in Kubernetes. */
function wholeObjects({ container, references }: EnvironmentInput): readonly (readonly [string, string])[] {
  return (container.envFrom ?? []).flatMap(({ prefix = '', secretRef, configMapRef }) => [
    ...wholeObject('secret', references.secrets, secretRef, prefix),
    ...wholeObject('configmap', references.configMaps, configMapRef, prefix),
  ]);
}

function wholeObject(
  what: string,
  objects: References['secrets'],
  ref: { readonly name?: string; readonly optional?: boolean } | undefined,
  prefix: string,
): readonly (readonly [string, string])[] {
  if (ref === undefined) return [];
  const data = objects.get(ref.name ?? '');
  if (data === undefined && ref.optional !== true) throw new ConfigError(`${what} "${ref.name}" not found`);
  return Object.entries(data ?? {})
    .map(([key, value]) => [prefix + key, value.toString('utf8')] as const)
    .filter(([name]) => isEnvName(name));
}

/** As Kubernetes' relaxed rule: any printable ASCII but `=`. */
const isEnvName = (name: string): boolean => /^[ -<>-~]+$/.test(name);

/** Replaces `$(NAME)` where NAME is known; `$$` stands for one `$`. Anything else stays as it is, up to its first `)`. */
export function expand(text: string, known: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, what: string, name: string | undefined) =>
    what === '$' ? '$' : (known.get(name ?? '') ?? whole),
  );
}

function resolve(variable: EnvVar, own: ReadonlyMap<string, string>, input: EnvironmentInput): string | undefined {
  const from = variable.valueFrom;
  if (from === undefined || from === null) return expand(variable.value ?? '', own);
  const what = `environment variable ${variable.name}`;
  if (from.fieldRef !== undefined) return fieldValue(what, from.fieldRef.fieldPath, input);
  if (from.resourceFieldRef !== undefined) return resourceValue(what, from.resourceFieldRef, input, input.container);
  if (from.secretKeyRef !== undefined) return keyValue('secret', input.references.secrets, from.secretKeyRef);
  if (from.configMapKeyRef !== undefined)
    return keyValue('configmap', input.references.configMaps, from.configMapKeyRef);
  return '';
}

/** @param what for messages: who asks. @throws ConfigError */
export function fieldValue(what: string, path: string, { pod, podIP, hostIP, nodeName }: PodFacts): string {
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
  if (!(path in fields)) throw new ConfigError(`${what}: unknown fieldPath ${path}`);
  return fields[path] ?? '';
}

interface ResourceRef {
  readonly containerName?: string;
  readonly resource: string;
  readonly divisor?: string;
}

/** @param own the container that is meant where none is named. @throws ConfigError */
export function resourceValue(
  what: string,
  ref: ResourceRef,
  { pod, fallbackLimits }: PodFacts,
  own: Container | undefined,
): string {
  const of =
    ref.containerName === undefined || ref.containerName === ''
      ? own
      : containersOf(pod).find((candidate) => candidate.name === ref.containerName);
  if (of === undefined) throw new ConfigError(`${what}: no container ${ref.containerName ?? ''}`);
  const [which, resource] = splitResource(ref.resource);
  const given = which === 'requests' ? (of.resources?.requests ?? of.resources?.limits) : of.resources?.limits;
  const stated = given?.[resource];
  const value = stated === undefined ? (which === 'limits' ? fallbackLimits[resource] : 0) : quantityValue(stated);
  if (value === undefined) throw new ConfigError(`${what}: unknown resource ${ref.resource}`);
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
