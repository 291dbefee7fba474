/** Everything that one container is made of, put together right before its start. */

import { chmodSync, closeSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { makePublic } from '../../../files/durable.ts';
import type { Container, Pod } from '../../../resources/core/pod.ts';
import type { ContainerOrder, StartCondition } from '../../../resources/core/start-order.ts';
import { errorMessage } from '../../../resources/errors.ts';
import { whenAllows } from '../../../resources/tekton/when.ts';
import type { NodeContext } from '../../context.ts';
import { type Image, ImageNotFound } from '../../images/image.ts';
import type { Rootfs } from '../../rootfs/rootfs.ts';
import type { OciMount, OciSpec } from '../../runtime/oci.ts';
import { containerSpec } from '../../runtime/oci-spec.ts';
import { linkShown, makeShown, readShown, type ShownFolder, Unreachable } from '../../volumes/container-files.ts';
import { messageMount } from '../end/termination-message.ts';
import { checkProbes } from '../health/probe-checks.ts';
import { hostnameOf, rootFolder, type Sandbox } from '../sandbox/sandbox.ts';
import { commandOf } from './command.ts';
import { ConfigError } from './config-error.ts';
import { type PodFacts, resolveEnvironment } from './environment.ts';
import { completeText, completeWords, type KnownValues, valueIn } from './file-values.ts';
import { copyHomeFiles } from './home-files.ts';
import { cpuLimit, cpuRequest, memoryLimit } from './resources.ts';
import { groupsOf, securityOf } from './security.ts';
import { type ExpectedMount, release, volumeMounts } from './volume-mounts.ts';
import { prepareVolumes } from './volumes.ts';

/** The container's conditions do not hold: it is not run, and that is no failure. */
export class PassedOver extends Error {
  override readonly name = 'PassedOver';
}

export interface ContainerPlan {
  readonly spec: OciSpec;
  /** The image by its digest, where it has one. */
  readonly imageId: string;
  readonly shown: readonly ShownFolder[];
  /** To be looked at once the container is made; then to be released. */
  readonly expected: readonly ExpectedMount[];
}

export interface PlanInput {
  readonly context: NodeContext;
  readonly pod: Pod;
  readonly container: Container;
  readonly order: ContainerOrder;
  readonly sandbox: Sandbox;
  readonly place: { readonly id: string; readonly podDirectory: string };
}

/** Bytes of a file whose content becomes a part of a command line. */
const mostValueBytes = 1 << 20;

/** @throws ConfigError, PassedOver */
export async function planContainer(input: PlanInput): Promise<ContainerPlan> {
  const { context, pod, container, order, sandbox, place } = input;
  await checkProbes(container);
  const security = securityOf(pod, container);
  const image = await imageOf(input);
  const rootfs = await rootOf(input, image);
  const facts = factsOf(input);
  const env = { ...facts, container, defaults: rootfs.env, references: sandbox.references };
  const stated = resolveEnvironment(env);
  const volumes = prepareVolumes(pod, {
    diskDir: sandbox.disk.path,
    memoryDir: place.podDirectory,
    references: sandbox.references,
    facts,
    user: rootfs.user,
    hostPaths: context.hostPaths,
    claims: await context.claims.acquire(pod),
    ...(pod.spec.securityContext?.fsGroup === undefined ? {} : { fsGroup: pod.spec.securityContext.fsGroup }),
  });
  const { mounts, shown, expected } = volumeMounts(container, volumes, rootfs.user, stated);
  try {
    for (const folder of order.folders ?? []) closeSync(makeShown(shown, folder, 0o777));
    for (const [path, target] of Object.entries(order.links ?? {})) linkShown(shown, path, target);
    const known = knownValues(order, shown);
    checkConditions(order.when, known);
    const complete = (text: string): string => completeText(text, known);
    const environment = known.size === 0 ? stated : resolveEnvironment({ ...env, complete });
    const writable = shown.filter(
      ({ destination }) =>
        !mounts.some((mount) => mount.destination === destination && mount.options?.includes('ro') === true),
    );
    putHomeFiles(input, volumes, rootfs, writable, environment.get('HOME'));
    const cpu = cpuLimit(container);
    const extra = [
      ...ownFiles(order, join(place.podDirectory, 'files', container.name), complete),
      ...messageMount(pod, container, sandbox.disk.path),
    ];
    const spec = containerSpec({
      hostname: hostnameOf(pod),
      rootfs: { ...rootfs, readonly: rootfs.readonly || security.readOnlyRootFilesystem === true },
      volumes: [...mounts, ...extra].sort((a, b) => (a.destination < b.destination ? -1 : 1)),
      init: context.init,
      args: commandOf(container, rootfs, environment, {
        complete: (words) => completeWords(words, known),
        appendToCmd: order.appendToCmd === true,
        madeFiles: (order.files ?? []).map(({ path }) => path),
        ...(order.around === undefined ? {} : { around: order.around }),
      }),
      env: [...environment].map(([name, value]) => `${name}=${value}`),
      cwd: container.workingDir || rootfs.cwd,
      user: groupsOf(pod, rootfs.user),
      ...(security.capabilities === undefined ? {} : { capabilities: security.capabilities }),
      networkNamespace: sandbox.network.path,
      cgroupsPath: context.cgroups.containerPath(place.id),
      memoryBytes: memoryLimit(container, context.defaults, order),
      limitsSwap: context.limitsSwap,
      cpuRequest: cpuRequest(container),
      ...(cpu === undefined ? {} : { cpuLimit: cpu }),
      pidsLimit: context.defaults.pids,
      rlimits: context.rlimits,
      architecture: process.arch,
    });
    return { spec, imageId: image.byDigest ?? image.ref, shown, expected };
  } catch (error) {
    release(expected);
    throw error instanceof Unreachable ? new ConfigError(error.message, 'Error') : error;
  }
}

function putHomeFiles(
  { container, order }: PlanInput,
  volumes: ReturnType<typeof prepareVolumes>,
  rootfs: Rootfs,
  shown: readonly ShownFolder[],
  home: string | undefined,
): void {
  const mount = container.volumeMounts?.find(({ mountPath }) => mountPath === order.homeFiles);
  const volume = volumes.get(mount?.name ?? '');
  // What others could write to would be read as root.
  if (volume?.own === true && home?.startsWith('/'))
    copyHomeFiles({ source: volume.source, home: normalize(home), user: rootfs.user, shown, rootfs });
}

const imageOf = ({ context, container }: PlanInput): Promise<Image> =>
  context.images.resolve(container.image ?? '').catch((error: unknown) => {
    throw error instanceof ImageNotFound ? new ConfigError(error.message, 'ErrImageNeverPull') : error;
  });

async function rootOf({ context, pod, container, order, sandbox }: PlanInput, image: Image): Promise<Rootfs> {
  const diskDir = rootFolder(sandbox.disk.path, container.name);
  mkdirSync(diskDir, { recursive: true });
  const { runAsUser, runAsGroup, runAsNonRoot } = securityOf(pod, container);
  const rootfs = await context.rootfsOf(image).prepare({
    image,
    diskDir,
    files: sandbox.files,
    runAs: {
      ...(runAsUser === undefined ? {} : { user: runAsUser }),
      ...(runAsGroup === undefined ? {} : { group: runAsGroup }),
    },
    mountPoints: [
      ...(container.volumeMounts ?? []).map(({ mountPath }) => mountPath),
      ...(order.files ?? []).map(({ path }) => dirname(path)),
      ...(container.terminationMessagePath ? [container.terminationMessagePath] : []),
    ],
  });
  if (runAsNonRoot === true && rootfs.user.uid === 0) {
    const { name, namespace, uid } = pod.metadata;
    const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
    throw new ConfigError(
      runAsUser === 0
        ? `container's runAsUser breaks non-root policy ${where}`
        : `container has runAsNonRoot and image will run as root ${where}`,
    );
  }
  return rootfs;
}

const factsOf = ({ context, pod, sandbox }: PlanInput): PodFacts => ({
  pod,
  podIP: sandbox.network.ip,
  hostIP: context.network.hostAddress,
  nodeName: context.nodeName,
  fallbackLimits: { memory: context.defaults.memoryBytes, 'ephemeral-storage': sandbox.disk.limitBytes, cpu: 1 },
});

function knownValues({ values = {} }: ContainerOrder, shown: readonly ShownFolder[]): KnownValues {
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      valueIn(name, value, readShown(shown, value.file, mostValueBytes)?.toString('utf8')),
    ]),
  );
}

function checkConditions(when: readonly StartCondition[] = [], known: KnownValues): void {
  const complete = (text: string): string => completeText(text, known);
  const conditions = when.map((condition) =>
    'cel' in condition
      ? { cel: complete(condition.cel) }
      : { ...condition, input: complete(condition.input), values: completeWords(condition.values, known) },
  );
  if (!allows(conditions)) throw new PassedOver('its conditions (when) do not hold');
}

function allows(conditions: Parameters<typeof whenAllows>[0]): boolean {
  try {
    return whenAllows(conditions);
  } catch (error) {
    throw new ConfigError(errorMessage(error), 'Error');
  }
}

/** Each folder of the order's files as one mount. */
function ownFiles(
  { files = [] }: ContainerOrder,
  directory: string,
  complete: (text: string) => string,
): readonly OciMount[] {
  const folders = new Map<string, string>();
  for (const { path, content, mode = 0o755, expand = false } of files) {
    const folder = dirname(path);
    const source = folders.get(folder) ?? join(directory, String(folders.size));
    if (!folders.has(folder)) makePublic(source);
    folders.set(folder, source);
    const target = join(source, basename(path));
    writeFileSync(target, expand ? complete(content) : content);
    chmodSync(target, mode);
  }
  // The folder in memory may not be meant for programs; this mount is.
  const options = ['bind', 'ro', 'nosuid', 'nodev', 'exec'];
  return [...folders].map(([destination, source]) => ({ destination, type: 'bind', source, options }));
}
