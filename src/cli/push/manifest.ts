/** Reads a Cloud Foundry manifest as far as task Apps need it; what cannot be honoured is refused or named. */

import { errorMessage } from '../../resources/errors.ts';
import { isJsonObject } from '../../resources/json.ts';
import { quantityValue } from '../../resources/quantity.ts';
import { CliError } from '../errors.ts';
import { cores, diskSize, memorySize, type Variable, variableName } from '../flags.ts';
import { parseYaml } from '../parse-yaml.ts';
import { fillIn, type Values } from './manifest-variables.ts';

/** One entry of `applications`. Sizes are quantities. */
export interface ManifestApp {
  readonly name?: string;
  readonly path?: string;
  readonly task?: boolean;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly entrypoint?: string;
  readonly memory?: string;
  readonly disk?: string;
  readonly cpu?: string;
  readonly cpuLimit?: string;
  readonly env?: readonly Variable[];
  readonly stack?: string;
  /** Path of the Dockerfile, within the source. */
  readonly dockerfile?: string;
  /** An image to take as it is. */
  readonly docker?: { readonly image: string; readonly username?: string };
  /** To be bound to. */
  readonly services?: readonly ManifestService[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A service's name, or Cloud Foundry's longer form. */
export interface ManifestService {
  readonly name: string;
  readonly bindingName?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface Manifest {
  readonly apps: readonly ManifestApp[];
  readonly warnings: readonly string[];
  /** Fields that are there and mean nothing to an App that runs tasks only. */
  readonly withoutEffect: readonly string[];
}

const noChoice = 'buildpacks are not supported yet one by one; those of a builder are, with its image and tag as stack';

/** Not there yet; ignoring them would make another App than the one described. */
const refused: Readonly<Record<string, string>> = {
  buildpack: noChoice,
  buildpacks: noChoice,
  build: 'custom builds are not supported yet',
};
/** Mean nothing to an App that runs tasks only. */
const without = new Set([
  'instances',
  'routes',
  'no-route',
  'random-route',
  'timeout',
  'health-check-type',
  'health-check-http-endpoint',
  'health-check-invocation-timeout',
  'readiness-health-check-type',
  'readiness-health-check-http-endpoint',
  'readiness-health-check-invocation-timeout',
  'readiness-health-check-interval',
  'default-route',
  'no-start',
  'ports',
  'startupProbe',
  'livenessProbe',
  'readinessProbe',
]);

/** @param file for messages. @throws CliError naming the field */
export async function parseManifest(text: string, file: string, variables: Values = {}): Promise<Manifest> {
  const document = await parseYaml(text, file);
  if (!isJsonObject(document)) throw new CliError(`${file}: it must have the field applications`);
  const filled = fillIn(document, variables) as Record<string, unknown>;
  const found: Findings = {
    warnings: [],
    unknown: new Set(Object.keys(filled).filter((key) => key !== 'applications')),
    withoutEffect: new Set(),
  };
  const { applications } = filled;
  if (!Array.isArray(applications)) throw new CliError(`${file}: applications must be a list`);
  const apps = applications.map((entry, index) => parseApp(entry, `${file}: applications[${index}]`, found));
  refuseTwins(apps, file);
  const { warnings, unknown, withoutEffect } = found;
  if (unknown.size > 0) warnings.unshift(`Manifest file contains unsupported config: ${[...unknown].join(', ')}`);
  return { apps, warnings, withoutEffect: [...withoutEffect] };
}

/** What is said once, however many Apps have it. */
interface Findings {
  readonly warnings: string[];
  readonly unknown: Set<string>;
  readonly withoutEffect: Set<string>;
}

function refuseTwins(apps: readonly ManifestApp[], file: string): void {
  const names = apps.map(({ name }) => name);
  const twin = names.find((name, index) => name !== undefined && names.indexOf(name) !== index);
  if (twin !== undefined) throw new CliError(`${file}: applications: the name "${twin}" stands there twice`);
}

type Parse = (value: unknown) => Partial<ManifestApp>;

const fields: Readonly<Record<string, Parse>> = {
  name: (value) => ({ name: string(value) }),
  path: (value) => ({ path: string(value) }),
  task: (value) => ({ task: boolean(value) }),
  command: (value) => ({ command: string(value) }),
  args: (value) => ({ args: list(value) }),
  entrypoint: (value) => ({ entrypoint: string(value) }),
  memory: (value) => ({ memory: quantity(value, memorySize) }),
  disk_quota: (value) => ({ disk: quantity(value, diskSize) }),
  cpu: (value) => ({ cpu: quantity(value, cores) }),
  'cpu-limit': (value) => ({ cpuLimit: quantity(value, cores) }),
  env: (value) => ({ env: environment(value) }),
  stack: (value) => ({ stack: string(value) }),
  dockerfile: (value) => ({ dockerfile: dockerfilePath(value) }),
  docker: (value) => ({ docker: docker(value) }),
  services: (value) => ({ services: services(value) }),
  metadata: (value) => metadata(value),
};

function parseApp(entry: unknown, where: string, { warnings, unknown, withoutEffect }: Findings): ManifestApp {
  if (!isJsonObject(entry)) throw new CliError(`${where}: it must be a map`);
  let app: ManifestApp = {};
  for (const [key, value] of Object.entries(entry)) {
    if (value === null || value === undefined) continue;
    const parse = fields[key];
    const reason = refused[key];
    if (reason !== undefined) {
      if (!Array.isArray(value) || value.length > 0) throw new CliError(`${where}.${key}: ${reason}`);
    } else if (without.has(key)) withoutEffect.add(key);
    else if (parse === undefined) unknown.add(key);
    else
      try {
        app = { ...app, ...parse(value) };
      } catch (error) {
        throw new CliError(`${where}.${key}: ${errorMessage(error)}`);
      }
  }
  if (app.command !== undefined && app.args !== undefined)
    throw new CliError(`${where}: expected at most one of: command, args`);
  if (app.command !== undefined && app.entrypoint !== undefined)
    throw new CliError(`${where}: expected at most one of: command, entrypoint`);
  const { cpu, cpuLimit } = app;
  if (cpu !== undefined && cpuLimit !== undefined && quantityValue(cpuLimit) < quantityValue(cpu))
    throw new CliError(`${where}.cpu-limit: "${cpuLimit}" must not be smaller than cpu: "${cpu}"`);
  return withValidName(app, warnings);
}

/** Kf: `_` is allowed in Cloud Foundry's names, not in Kubernetes'. */
function withValidName(app: ManifestApp, warnings: string[]): ManifestApp {
  if (!app.name?.includes('_')) return app;
  const name = app.name.replaceAll('_', '-');
  warnings.push(`Underscores ('_') in names are not allowed in Kubernetes. Replacing with hyphens ('-'): ${name}`);
  return { ...app, name };
}

function string(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new Error(`must be text, not ${JSON.stringify(value)}`);
}

function quantity(value: unknown, parse: (text: string) => string): string {
  const text = string(value);
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`${errorMessage(error)} It is ${JSON.stringify(value)}.`);
  }
}

function boolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error(`must be true or false, not ${JSON.stringify(value)}`);
}

/** Kf: `dockerfile: { path: PATH }`. */
function dockerfilePath(value: unknown): string {
  if (!isJsonObject(value)) throw new Error('must be a map with the field path');
  const { path, ...rest } = value;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) throw new Error(`has the unknown field ${unknown.join(', ')}`);
  return string(path);
}

/** Cloud Foundry's `docker: { image: IMAGE, username: USER }`. */
function docker(value: unknown): { readonly image: string; readonly username?: string } {
  if (!isJsonObject(value)) throw new Error('must be a map with the field image');
  const { image, username, ...rest } = value;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) throw new Error(`has the unknown field ${unknown.join(', ')}`);
  return { image: string(image), ...(username === undefined ? {} : { username: string(username) }) };
}

function list(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new Error('must be a list');
  return value.map(string);
}

function services(value: unknown): readonly ManifestService[] {
  if (!Array.isArray(value)) throw new Error('must be a list');
  return value.map((one) => {
    if (!isJsonObject(one)) return { name: string(one) };
    const { name, binding_name, parameters, ...rest } = one;
    const unknown = Object.keys(rest);
    if (unknown.length > 0) throw new Error(`has the unknown field ${unknown.join(', ')}`);
    if (parameters !== undefined && !isJsonObject(parameters)) throw new Error('parameters must be a map');
    return {
      name: string(name),
      ...(binding_name === undefined ? {} : { bindingName: string(binding_name) }),
      ...(parameters === undefined ? {} : { parameters: parameters as Readonly<Record<string, unknown>> }),
    };
  });
}

function environment(value: unknown): readonly Variable[] {
  if (!isJsonObject(value)) throw new Error('must be a map');
  return Object.entries(value).map(([name, one]) => {
    if (isJsonObject(one) || Array.isArray(one)) throw new Error(`${name} must be text`);
    return { name: variableName(name), value: one === null ? '' : String(one) };
  });
}

function metadata(value: unknown): Partial<ManifestApp> {
  if (!isJsonObject(value)) throw new Error('must be a map');
  const texts = (part: unknown): Record<string, string> | undefined =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).map(([key, one]) => [key, string(one)])) : undefined;
  const labels = texts(value.labels);
  const annotations = texts(value.annotations);
  return { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
}
