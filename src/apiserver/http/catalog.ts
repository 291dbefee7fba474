/** Everything that the server serves: what discovery lists and what requests are routed by. */

import type { AnyKind } from '../../client/client.ts';
import { anyObject } from '../../resources/schema.ts';
import type { Api } from '../api.ts';
import { computed } from './computed/computed.ts';
import { CustomResourceDefinition, customResourceDefinitions } from './computed/custom-resource-definitions.ts';
import { Service } from './computed/services.ts';
import { inVersion } from './other-version.ts';
import type { ReadApi, StoredApi } from './read-api.ts';

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface ServedSubresource {
  readonly name: string;
  readonly responseKind: GroupVersionKind;
  readonly verbs: readonly string[];
}

export interface ServedResource extends GroupVersionKind {
  readonly plural: string;
  readonly singular: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: readonly ServedSubresource[];
  /** Absent: a resource with a handler of its own (reviews, uploads). */
  readonly stored?: {
    readonly kind: AnyKind;
    readonly reads: ReadApi;
    /** Absent: it is to be read only. */
    readonly writes?: StoredApi;
  };
}

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const readVerbs = ['get', 'list', 'watch'];

/** Kinds with a `log` subresource, as `group/plural`. */
const logged = new Set(['/pods', 'kf.dev/tasks', 'kf.dev/builds', 'tekton.dev/pipelineruns', 'tekton.dev/taskruns']);

/** Kinds with a `files` subresource. */
const withFiles = new Set(['kf.dev/tasks', 'kf.dev/serviceinstances']);

/** Changes to a protocol with several streams, as `group/plural`; the verbs are the methods that ask for one. */
const streamed: ReadonlyMap<string, readonly ServedSubresource[]> = new Map([
  [
    '/pods',
    [
      streamedAs('attach', 'PodAttachOptions'),
      streamedAs('exec', 'PodExecOptions'),
      streamedAs('portforward', 'PodPortForwardOptions'),
    ],
  ],
]);

function streamedAs(name: string, kind: string): ServedSubresource {
  return { name, responseKind: { group: '', version: 'v1', kind }, verbs: ['create', 'get'] };
}

export function servedKind(
  kind: AnyKind,
  reads: ReadApi,
  verbs: readonly string[],
  writes?: StoredApi,
): ServedResource {
  const responseKind = { group: kind.group, version: kind.version, kind: kind.kind };
  const status = { name: 'status', responseKind, verbs: ['get', 'patch', 'update'] };
  const log = { name: 'log', responseKind, verbs: ['get'] };
  return {
    group: kind.group,
    version: kind.version,
    kind: kind.kind,
    plural: kind.plural,
    singular: kind.singular,
    scope: kind.scope,
    shortNames: kind.shortNames,
    categories: kind.categories,
    verbs,
    subresources: [
      ...(logged.has(`${kind.group}/${kind.plural}`) ? [log] : []),
      ...(streamed.get(`${kind.group}/${kind.plural}`) ?? []),
      ...(withFiles.has(`${kind.group}/${kind.plural}`) ? [{ name: 'files', responseKind, verbs: ['get'] }] : []),
      ...(kind.hasStatus && verbs === allVerbs ? [status] : []),
    ],
    stored: writes === undefined ? { kind, reads } : { kind, reads, writes },
  };
}

function otherVersions(api: Api, stored: AnyKind): readonly ServedResource[] {
  return (stored.otherVersions ?? []).map(({ version, conversion }) => {
    const served = { ...stored, version, ...(conversion === undefined ? {} : { schema: anyObject().json }) };
    const restated = inVersion(api, stored, served, conversion);
    return servedKind(served, restated, allVerbs, restated);
  });
}

function createOnly(group: string, kind: string, scope: ServedResource['scope'] = 'Cluster'): ServedResource {
  return {
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    scope,
    shortNames: [],
    categories: [],
    verbs: ['create'],
    subresources: [],
  };
}

/** Where Kf's clients upload source packages to; a cluster serves it through an aggregated API. */
export const uploadGroup = 'upload.kf.dev';

const upload: ServedResource = {
  ...createOnly(uploadGroup, 'SourcePackage', 'Namespaced'),
  version: 'v1alpha1',
  plural: 'proxy',
  singular: 'proxy',
};

export class Catalog {
  /** Groups as discovery lists them; kubectl prefers earlier ones where a name is in several. */
  readonly groups: ReadonlyMap<string, readonly ServedResource[]>;
  private readonly byPath: ReadonlyMap<string, ServedResource>;

  /** @param metrics what Pods and the Node take. Default: not served */
  constructor(api: Api, metrics: readonly ServedResource[] = []) {
    const resources = [
      ...api.kinds.map((kind) => servedKind(kind, api, allVerbs, api)),
      ...api.kinds.flatMap((kind) => otherVersions(api, kind)),
      servedKind(
        Service,
        computed(() => []),
        readVerbs,
      ),
      servedKind(CustomResourceDefinition, customResourceDefinitions(api.kinds), readVerbs),
      ...metrics,
      createOnly('authorization.k8s.io', 'SelfSubjectAccessReview'),
      createOnly('authorization.k8s.io', 'SelfSubjectRulesReview'),
      createOnly('authentication.k8s.io', 'SelfSubjectReview'),
      upload,
    ];
    const groups = new Map<string, ServedResource[]>();
    for (const resource of resources) groups.set(resource.group, [...(groups.get(resource.group) ?? []), resource]);
    this.groups = groups;
    this.byPath = new Map(resources.map((resource) => [pathOf(resource), resource]));
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.byPath.get(pathOf({ group, version, plural }));
  }

  hasGroupVersion(group: string, version: string): boolean {
    return this.groups.get(group)?.some((resource) => resource.version === version) ?? false;
  }
}

const pathOf = ({ group, version, plural }: { group: string; version: string; plural: string }): string =>
  `${group}/${version}/${plural}`;

export const groupVersionOf = ({ group, version }: { group: string; version: string }): string =>
  group === '' ? version : `${group}/${version}`;
