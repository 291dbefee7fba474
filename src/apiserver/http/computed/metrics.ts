/**
 * `metrics.k8s.io/v1beta1`, which `kubectl top` reads: what Pods and the Node take. Nothing is measured until somebody asks;
 * then twice, for the share of a processor.
 */

import { type Clock, pause, rfc3339 } from '../../../client/clock.ts';
import type { ResourceUsage, UsageSource } from '../../../client/usage.ts';
import { Node } from '../../../resources/core/kinds.ts';
import { Pod } from '../../../resources/core/pod.ts';
import { defineKind, type Kind, type Resource } from '../../../resources/kind.ts';
import type { KubeObject } from '../../../resources/meta.ts';
import * as s from '../../../resources/schema.ts';
import { notFound } from '../../../resources/status.ts';
import type { Api } from '../../api.ts';
import type { ReadApi } from '../read-api.ts';

/** Milliseconds between the two measurements. */
const interval = 250;

const group = 'metrics.k8s.io';
const version = 'v1beta1';
const apiVersion = `${group}/${version}`;
const usage = s.object({ cpu: s.string(), memory: s.string() });
const common = { timestamp: s.string(), window: s.string() };

const podBody = { ...common, containers: s.array(s.object({ name: s.string(), usage })) };
export const PodMetrics: Kind<Resource<typeof podBody>> = defineKind({
  group,
  version,
  kind: 'PodMetrics',
  plural: 'pods',
  body: podBody,
});

const nodeBody = { ...common, usage };
export const NodeMetrics: Kind<Resource<typeof nodeBody>> = defineKind({
  group,
  version,
  kind: 'NodeMetrics',
  plural: 'nodes',
  scope: 'Cluster',
  body: nodeBody,
});

/** What one measurement found: usages by name, of containers or of the Node alone. */
type Sample = ReadonlyMap<string, ResourceUsage>;

interface Options {
  readonly api: Api;
  readonly usage: UsageSource;
  readonly clock: Clock;
}

export const podMetrics = ({ api, usage, clock }: Options): ReadApi =>
  metricsOf<Pod>(api, clock, {
    of: Pod,
    sample: (pod) => usage.ofPod(pod),
    metrics: ({ metadata: { name, namespace, labels } }, shares, common) => ({
      apiVersion,
      kind: PodMetrics.kind,
      metadata: { name, namespace, labels, creationTimestamp: common.timestamp },
      ...common,
      containers: [...shares].map(([container, share]) => ({ name: container, usage: share })),
    }),
  });

export const nodeMetrics = ({ api, usage, clock }: Options): ReadApi =>
  metricsOf<Node>(api, clock, {
    of: Node,
    sample: async ({ metadata }) => new Map([[metadata.name, await usage.ofMachine()]]),
    metrics: ({ metadata: { name, labels } }, shares, common) => ({
      apiVersion,
      kind: NodeMetrics.kind,
      metadata: { name, labels, creationTimestamp: common.timestamp },
      ...common,
      usage: shares.get(name),
    }),
  });

interface Measured<T extends KubeObject> {
  readonly of: Kind<T>;
  readonly sample: (object: T) => Promise<Sample>;
  /** @param shares not empty */
  readonly metrics: (
    object: T,
    shares: ReadonlyMap<string, { readonly cpu: string; readonly memory: string }>,
    common: { readonly timestamp: string; readonly window: string },
  ) => object;
}

function metricsOf<T extends KubeObject>(api: Api, clock: Clock, { of, sample, metrics }: Measured<T>): ReadApi {
  const measure = async (objects: readonly T[]): Promise<readonly KubeObject[]> => {
    const before = await Promise.all(objects.map(sample));
    const began = clock.now();
    await pause(clock, interval);
    const after = await Promise.all(objects.map(sample));
    const milliseconds = clock.now() - began;
    const common = { timestamp: rfc3339(clock.now()), window: `${milliseconds}ms` };
    return objects.flatMap((object, index) => {
      const shares = sharesOf(before[index]!, after[index]!, milliseconds);
      return shares.size === 0 ? [] : [metrics(object, shares, common) as KubeObject];
    });
  };
  return {
    async get(kind, ref) {
      const [found] = await measure([(await api.get(of, ref)) as T]);
      if (found === undefined) throw notFound(kind, ref.name);
      return found;
    },
    async list(_kind, options) {
      // What has finished takes nothing, and there may be thousands of it.
      const { items, ...list } = await api.list(of, { ...options, unfinishedOnly: true });
      return { ...list, items: await measure(items as readonly T[]) };
    },
    watch: () => {
      throw new TypeError('metrics are not watched');
    },
  };
}

/** Quantities of what was there both times; processors in nanocores. */
const sharesOf = (before: Sample, after: Sample, milliseconds: number) =>
  new Map(
    [...after].flatMap(([name, { cpuNanoseconds, memoryBytes }]) => {
      const earlier = before.get(name);
      if (earlier === undefined) return [];
      const cores = (cpuNanoseconds - earlier.cpuNanoseconds) / (Math.max(1, milliseconds) * 1e6);
      const usage = { cpu: `${Math.max(0, Math.round(cores * 1e9))}n`, memory: `${Math.floor(memoryBytes / 1024)}Ki` };
      return [[name, usage] as const];
    }),
  );
