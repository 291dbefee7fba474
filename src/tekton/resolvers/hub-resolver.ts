/** `hub`: a resource of a catalog on Artifact Hub, or on a Tekton Hub. */

import { createHash } from 'node:crypto';
import { fetchBytes } from './fetch.ts';
import { httpUrl } from './http-resolver.ts';
import { longestResource, type Resolver, ResolverError, type ResolverParams, requireParams } from './resolver.ts';
import type { ResolverSettings } from './settings.ts';
import { compareVersions, parseConstraint, parseVersion } from './version-constraint.ts';

const kinds = ['task', 'pipeline', 'stepaction'];
const artifactCatalogs: Readonly<Record<string, string>> = {
  task: 'tekton-catalog-tasks',
  pipeline: 'tekton-catalog-pipelines',
};

/** Bytes of an answer: a list with READMEs, or a resource in JSON. */
const longestAnswer = 4 * longestResource;

/** A hub's own paths and answers. */
interface Hub {
  readonly title: string;
  versions(params: ResolverParams): string;
  resource(params: ResolverParams): string;
  versionsIn(answer: unknown): readonly string[];
  yamlIn(answer: unknown): string | undefined;
  /** The version as the hub writes it in paths. */
  spell(version: string): string;
}

const part = (text: string | undefined): string => encodeURIComponent(text ?? '');
const segments = (...texts: readonly (string | undefined)[]): string => texts.map(part).join('/');

interface Listed {
  readonly version?: string;
  readonly prerelease?: boolean;
}

const hubs: Readonly<Record<string, Hub>> = {
  artifact: {
    title: 'Artifact Hub',
    versions: ({ kind, catalog, name }) => `api/v1/packages/tekton-${segments(kind, catalog, name)}`,
    resource: ({ kind, catalog, name, version }) => `api/v1/packages/tekton-${segments(kind, catalog, name, version)}`,
    versionsIn: (answer) => releases((answer as { available_versions?: readonly Listed[] }).available_versions),
    yamlIn: (answer) => (answer as { data?: { manifestRaw?: string } }).data?.manifestRaw,
    spell: (version) => (version.split('.').length === 2 ? `${version}.0` : version),
  },
  tekton: {
    title: 'Tekton Hub',
    versions: ({ kind, catalog, name }) => `v1/resource/${segments(catalog, kind, name)}`,
    resource: ({ kind, catalog, name, version }) => `v1/resource/${segments(catalog, kind, name, version)}/yaml`,
    versionsIn: (answer) => releases((answer as { data?: { versions?: readonly Listed[] } }).data?.versions),
    yamlIn: (answer) => (answer as { data?: { yaml?: string } }).data?.yaml,
    spell: (version) => version.split('.').slice(0, 2).join('.'),
  },
};

const releases = (listed: readonly Listed[] = []): readonly string[] =>
  listed.filter(({ prerelease }) => prerelease !== true).flatMap(({ version }) => version ?? []);

export const hubResolver = ({ settings }: { readonly settings: () => Promise<ResolverSettings> }): Resolver => ({
  title: 'Hub',
  complete(given) {
    const type = given.type ?? 'artifact';
    const kind = given.kind ?? 'task';
    if (!Object.hasOwn(hubs, type)) throw new ResolverError('type param must be artifact or tekton');
    if (!kinds.includes(kind)) throw new ResolverError(`kind param must be one of: ${kinds.join(', ')}`);
    requireParams('hub', given, ['name', 'version']);
    const catalog = given.catalog ?? (type === 'tekton' ? 'Tekton' : artifactCatalogs[kind]);
    if (catalog === undefined) throw new ResolverError(`failed to resolve catalog name with kind: ${kind}`);
    if (given.url) httpUrl(given.url);
    if (parseConstraint(given.version!) === undefined)
      throw new ResolverError(`version param ${given.version} is neither a version nor a constraint like ">= 0.6"`);
    return { ...given, type, kind, catalog };
  },
  async resolve({ params, signal }) {
    const { hosts, artifactHub, tektonHub } = await settings();
    const hub = hubs[params.type!]!;
    const base = (params.url || (params.type === 'tekton' ? tektonHub : artifactHub)).replace(/\/+$/, '');
    if (base === '')
      throw new ResolverError(
        'no Tekton Hub is known: set the param url, or an administrator sets resolvers.tektonHub for all',
      );
    const ask = (path: string): Promise<unknown> => askHub(hub, { url: `${base}/${path}`, signal, hosts });
    const version = hub.spell(await chosenVersion(hub, params, ask));
    const path = hub.resource({ ...params, version });
    const yaml = hub.yamlIn(await ask(path));
    if (typeof yaml !== 'string' || yaml === '')
      throw new ResolverError(`fail to fetch ${hub.title} resource: the answer of ${base}/${path} has no manifest`);
    const data = Buffer.from(yaml);
    if (data.length > longestResource)
      throw new ResolverError(`the resource exceeds maximum allowed size of ${longestResource} bytes`);
    const sha256 = createHash('sha256').update(data).digest('hex');
    return { data, source: { uri: `${base}/${path}`, digest: { sha256 } } };
  },
});

/** A plain version as it is; of those that a constraint accepts, the newest. */
async function chosenVersion(
  hub: Hub,
  params: ResolverParams,
  ask: (path: string) => Promise<unknown>,
): Promise<string> {
  const version = params.version!.trim();
  if (parseVersion(version) !== undefined) return version;
  const accepts = parseConstraint(version)!;
  const listed = hub.versionsIn(await ask(hub.versions(params)));
  const found = listed
    .map((text) => ({ text, version: parseVersion(text) }))
    .filter((one) => one.version !== undefined && accepts(one.version))
    .sort((a, b) => compareVersions(b.version!, a.version!));
  if (found[0] === undefined) throw new ResolverError(`no version found for constraint ${version}`);
  return found[0].text;
}

async function askHub(hub: Hub, fetch: Omit<Parameters<typeof fetchBytes>[0], 'longest'>): Promise<unknown> {
  const lead = `fail to fetch ${hub.title} resource: `;
  const bytes = await fetchBytes({ ...fetch, longest: longestAnswer }).catch((error: unknown) => {
    throw error instanceof ResolverError ? new ResolverError(lead + error.message, error.passing) : error;
  });
  try {
    const answer: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof answer === 'object' && answer !== null) return answer;
  } catch {
    // Reported below.
  }
  throw new ResolverError(`${lead}error unmarshalling json response of ${fetch.url}`);
}
