/** Discovery documents: aggregated (v2, v2beta1) and legacy, built once and served as buffers. */

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Catalog, groupVersionOf, type ServedResource } from '../catalog.ts';
import { discoveryVersion } from '../negotiation.ts';
import { sendBody, sendJson } from '../respond.ts';

interface Document {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

function aggregatedResource(resource: ServedResource): unknown {
  const { group, version, kind } = resource;
  return {
    resource: resource.plural,
    responseKind: { group, version, kind },
    scope: resource.scope,
    singularResource: resource.singular,
    ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    verbs: resource.verbs,
    ...(resource.subresources.length === 0
      ? {}
      : {
          subresources: resource.subresources.map(({ name, responseKind, verbs }) => ({
            subresource: name,
            responseKind,
            verbs,
          })),
        }),
  };
}

const versionsOf = (resources: readonly ServedResource[]): readonly string[] => [
  ...new Set(resources.map((resource) => resource.version)),
];

function aggregatedGroup(group: string, resources: readonly ServedResource[]): unknown {
  return {
    metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
    versions: versionsOf(resources).map((version) => ({
      version,
      freshness: 'Current',
      resources: resources.filter((resource) => resource.version === version).map(aggregatedResource),
    })),
  };
}

function aggregated(groups: readonly (readonly [string, readonly ServedResource[]])[], version: string): Document {
  const body = Buffer.from(
    JSON.stringify({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: groups.map(([group, resources]) => aggregatedGroup(group, resources)),
    }),
  );
  return {
    type: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    body,
    etag: `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"`,
  };
}

function legacyGroup(group: string, resources: readonly ServedResource[]): object {
  const versions = versionsOf(resources).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function legacyResources(groupVersion: string, resources: readonly ServedResource[]): unknown {
  const entries = resources.flatMap((resource) => [
    {
      name: resource.plural,
      singularName: resource.singular,
      namespaced: resource.scope === 'Namespaced',
      kind: resource.kind,
      verbs: resource.verbs,
      ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
      ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    },
    ...resource.subresources.map((subresource) => ({
      name: `${resource.plural}/${subresource.name}`,
      singularName: '',
      namespaced: resource.scope === 'Namespaced',
      kind: subresource.responseKind.kind,
      verbs: subresource.verbs,
    })),
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: entries };
}

export class Discovery {
  private readonly documents: ReadonlyMap<string, Document>;

  constructor(private readonly catalog: Catalog) {
    const groups = [...catalog.groups];
    const core = groups.filter(([group]) => group === '');
    const named = groups.filter(([group]) => group !== '');
    this.documents = new Map(
      ['v2', 'v2beta1'].flatMap((version) => [
        [`api ${version}`, aggregated(core, version)] as const,
        [`apis ${version}`, aggregated(named, version)] as const,
      ]),
    );
  }

  /** Answers `/api`, `/apis`, `/api/v1`, `/apis/{group}` and `/apis/{group}/{version}`; false: not one of them. */
  serve(req: IncomingMessage, res: ServerResponse, parts: readonly string[]): boolean {
    const [root, first, second] = parts;
    if (root !== 'api' && root !== 'apis') return false;
    if (first === undefined) {
      this.serveRoot(req, res, root);
      return true;
    }
    const group = root === 'api' ? '' : first;
    const version = root === 'api' ? first : second;
    const resources = this.catalog.groups.get(group);
    if (resources === undefined) return false;
    if (version === undefined) {
      sendJson(res, 200, { kind: 'APIGroup', apiVersion: 'v1', ...legacyGroup(group, resources) });
      return true;
    }
    if (!this.catalog.hasGroupVersion(group, version)) return false;
    const ofVersion = resources.filter((resource) => resource.version === version);
    sendJson(res, 200, legacyResources(groupVersionOf({ group, version }), ofVersion));
    return true;
  }

  private serveRoot(req: IncomingMessage, res: ServerResponse, root: 'api' | 'apis'): void {
    const version = discoveryVersion(req.headers.accept);
    const document = version === undefined ? undefined : this.documents.get(`${root} ${version}`);
    if (document !== undefined) serveDocument(req, res, document);
    else if (root === 'api')
      sendJson(res, 200, {
        kind: 'APIVersions',
        versions: ['v1'],
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: req.headers.host ?? '' }],
      });
    else
      sendJson(res, 200, {
        kind: 'APIGroupList',
        apiVersion: 'v1',
        groups: [...this.catalog.groups].flatMap(([group, resources]) =>
          group === '' ? [] : [legacyGroup(group, resources)],
        ),
      });
  }
}

function serveDocument(req: IncomingMessage, res: ServerResponse, { type, body, etag }: Document): void {
  const headers = { ETag: etag, Vary: 'Accept' };
  if (req.headers['if-none-match'] === etag) {
    res.writeHead(304, headers);
    res.end();
  } else sendBody(res, 200, type, body, headers);
}
