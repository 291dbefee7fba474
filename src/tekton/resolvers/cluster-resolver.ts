/** `cluster`: a Task, Pipeline or StepAction of a namespace. */

import { createHash } from 'node:crypto';
import type { AnyKind, Client } from '../../client/client.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { apiVersionOf } from '../../resources/kind.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { notFound } from '../../resources/status.ts';
import { Pipeline } from '../../resources/tekton/pipeline.ts';
import { StepAction } from '../../resources/tekton/step-action.ts';
import { Task } from '../../resources/tekton/task.ts';
import { type Resolver, ResolverError, requireParams } from './resolver.ts';
import type { ResolverSettings } from './settings.ts';

const kinds: Readonly<Record<string, AnyKind>> = { task: Task, pipeline: Pipeline, stepaction: StepAction };

export interface ClusterResolverOptions {
  readonly client: Client;
  readonly settings: () => Promise<ResolverSettings>;
}

export const clusterResolver = ({ client, settings }: ClusterResolverOptions): Resolver => ({
  title: 'Cluster',
  complete(given) {
    const params = { ...given, kind: given.kind || 'task' };
    if (!Object.hasOwn(kinds, params.kind))
      throw new ResolverError(`unknown or unsupported resource kind '${params.kind}'`);
    requireParams('cluster', params, ['name', 'namespace']);
    return params;
  },
  async resolve({ params }) {
    const { kind: word = '', name = '', namespace = '' } = params;
    const { namespaces } = await settings();
    if (namespaces.length > 0 && !namespaces.includes(namespace))
      throw new ResolverError(`access to specified namespace ${namespace} is not allowed`);
    const kind = kinds[word]!;
    const ref = { namespace, name };
    const read = (await getIfExists(client, kind, ref)) ?? (await getFromServer(client, kind, ref));
    if (read === undefined) throw new ResolverError(notFound(kind, name).message);
    const object = read as KubeObject & { readonly spec: unknown };
    const { labels, annotations, uid = '' } = object.metadata;
    const apiVersion = apiVersionOf(kind);
    const found = {
      apiVersion,
      kind: kind.kind,
      metadata: { name, namespace, labels, annotations },
      spec: object.spec,
    };
    return {
      data: Buffer.from(JSON.stringify(found)),
      source: {
        // As Tekton has it, of StepActions too.
        uri: `/apis/tekton.dev/v1/namespaces/${namespace}/${word}/${name}@${uid}`,
        digest: { sha256: createHash('sha256').update(JSON.stringify(object.spec)).digest('hex') },
      },
      annotations: { 'resolution.tekton.dev/name': name, 'resolution.tekton.dev/namespace': namespace },
    };
  },
  isImmutable: () => false,
});
