import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const aggregated = (version: string): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
const get = (path: string, accept = 'application/json', headers = {}) =>
  server.request('GET', path, { headers: { Accept: accept, ...headers } });

describe('aggregated discovery', () => {
  test.each(['v2', 'v2beta1'])('%s: with the content type that clients decide by', async (version) => {
    const { headers, json } = await get('/apis?timeout=32s', `${aggregated(version)},application/json`);
    expect(headers).toMatchObject({ 'content-type': aggregated(version), vary: 'Accept' });
    expect(json).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}` });
    const tekton = json.items.find((group: { metadata: { name: string } }) => group.metadata.name === 'tekton.dev');
    expect(tekton.versions[0].resources[0]).toEqual({
      resource: 'pipelineruns',
      responseKind: { group: 'tekton.dev', version: 'v1', kind: 'PipelineRun' },
      scope: 'Namespaced',
      singularResource: 'pipelinerun',
      shortNames: ['pr', 'prs'],
      categories: ['tekton', 'tekton-pipelines'],
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      subresources: [
        {
          subresource: 'log',
          responseKind: { group: 'tekton.dev', version: 'v1', kind: 'PipelineRun' },
          verbs: ['get'],
        },
        {
          subresource: 'status',
          responseKind: { group: 'tekton.dev', version: 'v1', kind: 'PipelineRun' },
          verbs: ['get', 'patch', 'update'],
        },
      ],
    });
  });

  test('the core group has no name', async () => {
    const { json } = await get('/api', aggregated('v2'));
    expect(json.items).toHaveLength(1);
    expect(json.items[0].metadata).toEqual({ creationTimestamp: null });
    const pods = json.items[0].versions[0].resources.find((entry: { resource: string }) => entry.resource === 'pods');
    expect(pods.subresources.map((entry: { subresource: string }) => entry.subresource)).toEqual([
      'log',
      'attach',
      'exec',
      'portforward',
      'status',
    ]);
  });

  test('304 while the ETag is known', async () => {
    const first = await get('/apis', aggregated('v2'));
    const second = await get('/apis', aggregated('v2'), { 'If-None-Match': first.headers.etag });
    expect(second).toMatchObject({ status: 304, text: '' });
  });
});

describe('legacy discovery', () => {
  test('is what everybody else gets', async () => {
    expect((await get('/api')).json).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const { json } = await get('/apis');
    expect(json.kind).toBe('APIGroupList');
    expect(json.groups.map((group: { name: string }) => group.name)).toEqual(
      expect.arrayContaining(['kf.dev', 'tekton.dev', 'upload.kf.dev', 'authorization.k8s.io']),
    );
    expect((await get('/apis/kf.dev')).json.preferredVersion).toEqual({
      groupVersion: 'kf.dev/v1alpha1',
      version: 'v1alpha1',
    });
  });

  test('resources, with their subresources as entries', async () => {
    const { json } = await get('/apis/kf.dev/v1alpha1');
    const names = json.resources.map((resource: { name: string }) => resource.name);
    expect(names).toEqual(expect.arrayContaining(['tasks', 'tasks/log', 'tasks/status', 'spaces', 'spaces/status']));
    const core = await get('/api/v1');
    expect(core.json.groupVersion).toBe('v1');
    expect(core.json.resources.find((resource: { name: string }) => resource.name === 'namespaces').namespaced).toBe(
      false,
    );
  });

  test('reviews can only be created', async () => {
    const { json } = await get('/apis/authorization.k8s.io/v1');
    for (const { verbs } of json.resources) expect(verbs).toEqual(['create']);
  });
});

describe('OpenAPI', () => {
  // biome-ignore lint/suspicious/noExplicitAny: a document of any shape
  const forEachSchema = (schema: any, path: string, visit: (schema: any, path: string) => void): void => {
    if (typeof schema !== 'object' || schema === null) return;
    visit(schema, path);
    for (const [name, part] of Object.entries(schema.properties ?? {})) forEachSchema(part, `${path}.${name}`, visit);
    forEachSchema(schema.items, `${path}[]`, visit);
    forEachSchema(schema.additionalProperties, `${path}{}`, visit);
  };

  test('the index leads to every group version, under a hash', async () => {
    const index = await get('/openapi/v3');
    for (const [path, { serverRelativeURL }] of Object.entries(index.json.paths) as [
      string,
      { serverRelativeURL: string },
    ][]) {
      const { status, headers, json } = await get(serverRelativeURL);
      expect(status, path).toBe(200);
      expect(headers['cache-control']).toBe('public');
      expect(serverRelativeURL).toContain(`?hash=${headers.etag?.replaceAll('"', '')}`);
      expect(json.openapi).toBe('3.0.0');
      // kubectl explain fails on a schema that is {}.
      for (const [name, schema] of Object.entries(json.components.schemas))
        forEachSchema(schema, name, (part, where) => expect(Object.keys(part), where).not.toEqual([]));
    }
  });

  test('a patch operation with fieldValidation, for each kind that can be applied', async () => {
    const { json } = await get('/openapi/v3/apis/kf.dev/v1alpha1');
    const { patch } = json.paths['/apis/kf.dev/v1alpha1/namespaces/{namespace}/tasks/{name}'];
    expect(patch['x-kubernetes-group-version-kind']).toEqual({ group: 'kf.dev', version: 'v1alpha1', kind: 'Task' });
    expect(patch.parameters.map((parameter: { name: string }) => parameter.name)).toContain('fieldValidation');
    expect(json.paths['/apis/kf.dev/v1alpha1/spaces/{name}']).toBeDefined();
    const refs = JSON.stringify(json).match(/#\/components\/schemas\/[^"]+/g) ?? [];
    for (const ref of refs) expect(json.components.schemas).toHaveProperty([ref.split('/').at(-1)!]);
  });

  test('v2, in protobuf, for kubectls before 1.27', async () => {
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const { status, text, headers } = await get('/openapi/v2', accept);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    for (const known of ['dryRun', '/apis/kf.dev/v1alpha1/namespaces/{namespace}/tasks/{name}', 'dev.kf.v1alpha1.Task'])
      expect(text).toContain(known);
    // Of its own kinds kubectl knows the merge keys of lists, which it would forget.
    expect(text).not.toContain('io.k8s.api.core.v1.Pod');
    expect((await get('/openapi/v2', accept, { 'If-None-Match': headers.etag })).status).toBe(304);
  });

  test('v2 is JSON for who asks for that, or for nothing', async () => {
    for (const accept of ['application/json', '*/*']) {
      const { json } = await get('/openapi/v2', accept);
      const gvk = { group: '', version: 'v1', kind: 'Pod' };
      const path = json.paths['/api/v1/namespaces/{namespace}/pods/{name}'];
      expect(path.patch['x-kubernetes-group-version-kind']).toEqual(gvk);
      const name = path.get.responses[200].schema.$ref.replace('#/definitions/', '');
      const pod = json.definitions[name];
      expect(pod['x-kubernetes-group-version-kind']).toEqual([gvk]);
      expect(pod.properties.spec.properties.containers).toMatchObject({
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      });
      const metadata = json.definitions[pod.properties.metadata.$ref.replace('#/definitions/', '')];
      expect(metadata.properties.name.type).toBe('string');
      expect(metadata.properties.ownerReferences['x-kubernetes-list-map-keys']).toEqual(['uid']);
    }
  });

  test('unknown documents: 404', async () => {
    expect((await get('/openapi/v3/apis/nope/v1')).status).toBe(404);
  });
});
