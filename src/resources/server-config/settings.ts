/**
 * All settings of `config.yaml` in the server's data directory: what its administrator decides, and no client of the
 * API. The command, the checks and the reference (docs/configuration.md) come from here. Pure.
 */

import { isWithin, neverAllowed } from '../host-path.ts';
import { isAlias, registryList } from '../image-settings.ts';
import { isDns1123Label, isDns1123Subdomain } from '../names.ts';
import type { Schema } from '../schema.ts';
import { isLabelValue, isQualifiedName } from '../selector.ts';
import { inlineSpecs, usualCombinations } from '../tekton/feature-flags.ts';
import { podTemplateSchema } from '../tekton/pod-template.ts';
import { workspaceBindingSchema } from '../tekton/workspace.ts';
import { containerResources } from './container-resources.ts';
import {
  directories,
  duration,
  jsonMap,
  type Setting,
  setting,
  size,
  text,
  textMap,
  texts,
  timeLimit,
  wholeNumber,
  yesOrNo,
} from './setting.ts';

export const serverConfigFile = 'config.yaml';

/** Where a container has something of its own, or sees the host's anyway. */
const ownPlaces = ['/home/vcap', '/root', '/tmp', '/var/tmp'];

function neverShown(path: string): string | undefined {
  const own = ownPlaces.find((one) => isWithin(path, one) || isWithin(one, path));
  return neverAllowed(path, []) ?? (own === undefined ? undefined : `a Task has its own ${own}`);
}

const isHttpUrl = (value: string): boolean => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

const isHost = (value: string): boolean =>
  URL.canParse(`http://${value}`) && /^(\[[0-9a-f:.]+\]|[^/?#@:]+)(:\d+)?$/i.test(value);

const fieldsOf = ({ json }: Schema): readonly string[] => Object.keys(json.properties ?? {});

/** By name; a dot is a map within the file: `hostStack.paths` is `paths` in `hostStack`. In the reference's order. */
export const settings = {
  port: setting({
    type: wholeNumber(0, 65_535),
    default: 6786,
    defaultText: '6786',
    description:
      'TCP port of 127.0.0.1 on which the API and the hooks are served; 0 is any free one, another at each start.',
    example: 7443,
    env: 'KF_PORT',
    inForce: 'at the next start',
  }),
  maxTasks: setting({
    type: wholeNumber(1),
    default: undefined,
    defaultText: '4 for each core',
    description: 'Tasks and Builds that run at a time; others wait (`WaitingForRoom`).',
    example: 16,
    env: 'KF_MAX_TASKS',
    inForce: 'at the next start',
  }),
  memory: setting({
    type: size({ least: 1 }),
    default: undefined,
    defaultText: "the machine's, less 10 %, at least 512Mi less",
    description: 'Memory that all running Tasks and Builds may have together, by the sum of their limits.',
    example: '6Gi',
    env: 'KF_MEMORY',
    inForce: 'at the next start',
  }),
  diskReserve: setting({
    type: size({ least: 0 }),
    default: undefined,
    defaultText: '5 % of the file system, at least 1Gi',
    description:
      'What Tasks, Builds and uploads leave free on the file system of the data directory. Below a quarter of it the Task that writes most is stopped.',
    example: '2Gi',
    env: 'KF_DISK_RESERVE',
    inForce: 'at the next start',
  }),
  diskShare: setting({
    type: size({ least: 1 }),
    default: undefined,
    defaultText: 'the smaller of 20Gi and 20 % of the file system',
    description:
      'What the server keeps on the disk: resources, logs, images, layers, source packages. Above it images that nothing uses go first, then the logs of the oldest Tasks that have ended. The disks of running Tasks and volumes have limits of their own, and do not count.',
    example: '50Gi',
    inForce: 'at once',
  }),
  maxResultSize: setting({
    type: size({ least: 1, most: 2 ** 20 }),
    default: 4096,
    defaultText: '4Ki, as in Tekton',
    description:
      'What the results of one step may take together, written as JSON; a step that returns more has failed. They are kept in the status of their TaskRun.',
    example: '64Ki',
    env: 'KF_MAX_RESULT_SIZE',
    inForce: 'at the next start',
  }),
  nodeLabels: setting({
    type: textMap('a map of labels, like disktype: ssd', (key, value) => isQualifiedName(key) && isLabelValue(value)),
    default: {},
    defaultText: 'none',
    description:
      "Labels of this machine's Node beside Kubernetes' own (`kubernetes.io/hostname`, `os`, `arch`). A Pod whose nodeSelector or affinity asks for others waits until it has them. `kf server start --node-label KEY=VALUE` adds one; `kubectl label node` does too, beside these.",
    example: { disktype: 'ssd' },
    inForce: 'at the next start',
  }),
  hostPaths: setting({
    type: directories(),
    default: [],
    defaultText: 'none',
    description: 'Directories of this machine that may become volumes, with all in them.',
    example: ['/srv/backups'],
    command: 'kf configure-server allow-host-path DIRECTORY',
    inForce: 'at once',
  }),
  'hostStack.paths': setting({
    type: directories(neverShown),
    default: [],
    defaultText: 'none',
    description:
      'Further directories of this machine that Tasks on the stack `host` see, read-only, at the same place. `/usr` they see anyway; one that does not exist at the start is left out.',
    example: ['/opt/tools'],
    inForce: 'at the next start',
  }),
  'images.registries': setting({
    type: registryList,
    default: [],
    defaultText: 'none',
    description:
      'Registries that are spoken to in another way than usual: mirrors are asked first, `insecure` allows plain HTTP and any certificate, `ca` is a file of certificates to trust.',
    example: [{ prefix: 'docker.io', mirrors: ['mirror.example.com/docker'] }],
    command: 'kf configure-server set-registry PREFIX',
    inForce: 'at once',
  }),
  'images.aliases': setting({
    type: textMap('a map of images to images, like ubuntu: registry.example.com/base/ubuntu', isAlias),
    default: {},
    defaultText: 'none',
    description:
      'Images that stand for others. The tag that is asked for stays; a name with a tag (`ubuntu:24.04`) or a digest stands for that one only.',
    example: { ubuntu: 'registry.example.com/base/ubuntu' },
    inForce: 'at once',
  }),
  'build.timeout': setting({
    type: duration,
    default: 3_600_000,
    defaultText: '1h',
    description: 'How long a Build may run; the time that it waits for room or for an image does not count.',
    example: '20m',
    inForce: 'at the next start',
  }),
  'build.memory': setting({
    type: size({ least: 1 }),
    default: 2 * 2 ** 30,
    defaultText: '2Gi, or all that Tasks may have where that is less',
    description: 'Memory of a Build, as limit and as what it waits for.',
    example: '4Gi',
    inForce: 'at the next start',
  }),
  'build.disk': setting({
    type: size({ least: 1 }),
    default: 8 * 2 ** 30,
    defaultText: '8Gi, or half of it, a quarter … where the disk has less',
    description:
      "Disk on which an App's Dockerfile or buildpacks are built: base images, layers kept for the next Build, the image. It takes what is written to it; when it is half full, the next Build begins with an empty one.",
    example: '20Gi',
    inForce: 'at the next start',
  }),
  'resolvers.timeout': setting({
    type: duration,
    default: 60_000,
    defaultText: '1m',
    description: 'How long a resolver may look for a Task, Pipeline or StepAction that a run refers to.',
    example: '5m',
    inForce: 'at once',
  }),
  'resolvers.hosts': setting({
    type: texts('a list of HOST or HOST:PORT', isHost),
    default: [],
    defaultText: 'none',
    description:
      'Hosts that stand for this machine itself and that the resolvers `git`, `http` and `hub` may read all the same. What they read is shown to whoever asks, so that services of 127.0.0.1 are out of their reach.',
    example: ['127.0.0.1:3000'],
    inForce: 'at once',
  }),
  'resolvers.repositories': setting({
    type: directories(),
    default: [],
    defaultText: 'none',
    description:
      'Directories of this machine whose git repositories the resolver `git` may read, as `file:///DIRECTORY/…`. Every file in them must be readable for all.',
    example: ['/srv/git'],
    inForce: 'at once',
  }),
  'resolvers.gitSize': setting({
    type: size({ least: 1 }),
    default: 256 * 2 ** 20,
    defaultText: '256Mi',
    description: 'The most that the resolver `git` fetches of a repository for one file.',
    example: '1Gi',
    inForce: 'at once',
  }),
  'resolvers.namespaces': setting({
    type: texts('a list of namespaces', isDns1123Label),
    default: [],
    defaultText: 'all',
    description: 'Namespaces that the resolver `cluster` takes Tasks, Pipelines and StepActions of.',
    example: ['shared'],
    inForce: 'at once',
  }),
  'resolvers.artifactHub': setting({
    type: text('an http(s) URL', isHttpUrl),
    default: 'https://artifacthub.io',
    defaultText: 'https://artifacthub.io',
    description: 'Where the resolver `hub` looks, unless a run says another URL.',
    example: 'https://hub.example.com',
    inForce: 'at once',
  }),
  'resolvers.tektonHub': setting({
    type: text('an http(s) URL', isHttpUrl),
    default: undefined,
    defaultText: 'none',
    description: 'Where the resolver `hub` looks with `type: tekton`, unless a run says another URL.',
    example: 'https://tekton-hub.example.com',
    inForce: 'at once',
  }),
  'tekton.timeout': setting({
    type: timeLimit,
    default: 3_600_000,
    defaultText: '1h, as in Tekton',
    description:
      "Time limit of TaskRuns and PipelineRuns that say none (Tekton's `default-timeout-minutes`); 0 is no limit. Kf's own Tasks have none.",
    example: '8h',
    inForce: 'at the next start',
  }),
  'tekton.serviceAccount': setting({
    type: text('the name of a ServiceAccount', isDns1123Subdomain),
    default: 'default',
    defaultText: 'default',
    description: 'ServiceAccount of runs that say none (`default-service-account`).',
    example: 'builder',
    inForce: 'at the next start',
  }),
  'tekton.podTemplate': setting({
    type: jsonMap('a podTemplate, like {"nodeSelector": {"disktype": "ssd"}}', fieldsOf(podTemplateSchema)),
    default: undefined,
    defaultText: 'none',
    description:
      'What the Pods of TaskRuns and PipelineRuns have where these say nothing else (`default-pod-template`). Variables and volumes are joined by name.',
    example: { env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com:3128' }] },
    inForce: 'at the next start',
  }),
  'tekton.workspaceBinding': setting({
    type: jsonMap(
      'what a workspace is bound to, like {"emptyDir": {}}',
      fieldsOf(workspaceBindingSchema).filter((field) => field !== 'name'),
    ),
    default: undefined,
    defaultText: 'none',
    description:
      'What the workspaces of a Task are bound to that its TaskRun does not bind (`default-task-run-workspace-binding`). Optional ones stay unbound.',
    example: { emptyDir: {} },
    inForce: 'at the next start',
  }),
  'tekton.resolver': setting({
    type: text('the name of a resolver, like git or cluster', isDns1123Label),
    default: undefined,
    defaultText: 'none',
    description:
      'Resolver of references that name neither a Task, Pipeline or StepAction nor a resolver (`default-resolver-type`).',
    example: 'git',
    inForce: 'at the next start',
  }),
  'tekton.forbiddenEnv': setting({
    type: texts('a list of names of variables', (name) => /^[^\s=,]+$/.test(name)),
    default: [],
    defaultText: 'none',
    description: 'Variables that the podTemplate of a run may not set (`default-forbidden-env`).',
    example: ['HTTPS_PROXY'],
    inForce: 'at the next start',
  }),
  'tekton.resources': setting({
    type: containerResources,
    default: {},
    defaultText: 'none',
    description:
      'Requests and limits of steps and sidecars that have none (`default-container-resource-requirements`): by the name of a container (`step-build`), by its beginning (`prefix-step` for `step-…`), or `default` for all others.',
    example: { default: { requests: { cpu: '250m' }, limits: { memory: '1Gi' } } },
    inForce: 'at the next start',
  }),
  'tekton.matrixCombinations': setting({
    type: wholeNumber(1),
    default: usualCombinations,
    defaultText: '256',
    description: 'How many runs a matrix may make (`default-max-matrix-combinations-count`).',
    example: 1000,
    inForce: 'at the next start',
  }),
  'tekton.disableInlineSpec': setting({
    type: texts(`a list of ${inlineSpecs.join(', ')}`, (one) => inlineSpecs.some((known) => known === one)),
    default: [],
    defaultText: 'none',
    description:
      "What may not embed a spec but must refer to one (`disable-inline-spec`): `taskrun` a taskSpec, `pipelinerun` a pipelineSpec, `pipeline` its tasks. Kf's own runs may.",
    example: ['taskrun', 'pipelinerun'],
    inForce: 'at the next start',
  }),
  'tekton.credentials': setting({
    type: yesOrNo,
    default: true,
    defaultText: 'true',
    description:
      'Whether steps of runs find the Secrets of their ServiceAccount as git and registry credentials in `/tekton/creds` and their home; `false` is `disable-creds-init`. Images are pulled with its imagePullSecrets either way.',
    example: false,
    inForce: 'at the next start',
  }),
  'tekton.imagePullBackOffTimeout': setting({
    type: duration,
    default: undefined,
    defaultText: 'none, as in Tekton',
    description:
      "How long a registry that does not answer is asked again before a TaskRun has failed (`default-imagepullbackoff-timeout`). Without it one failed try is enough. What a registry says for good ends a run at once; Kf's own Tasks wait.",
    example: '5m',
    inForce: 'at the next start',
  }),
  'store.cache': setting({
    type: size({ least: 0 }),
    default: 32 * 2 ** 20,
    defaultText: '32Mi',
    description: 'Memory for finished Tasks and other objects that have been read from disk.',
    example: '64Mi',
    inForce: 'at the next start',
  }),
  'store.watchRevisions': setting({
    type: wholeNumber(100),
    default: 10_000,
    defaultText: '10000',
    description: 'Changes that a watch of the API can go back; older ones are compacted.',
    example: 50_000,
    inForce: 'at the next start',
  }),
  'store.watchDuration': setting({
    type: duration,
    default: 5 * 60_000,
    defaultText: '5m',
    description: 'How long a watch of the API can go back, within `store.watchRevisions`.',
    example: '15m',
    inForce: 'at the next start',
  }),
} as const;

export type SettingName = keyof typeof settings;

// biome-ignore lint/suspicious/noExplicitAny: any setting, whatever its values
type Any = Setting<any, any>;

/** The value, and undefined where the machine decides. */
type ValueOf<S extends Any> = S extends Setting<infer T, infer D> ? (undefined extends D ? T | undefined : T) : never;

/** What holds: file and environment, else the defaults. */
export type ServerConfig = { readonly [N in SettingName]: ValueOf<(typeof settings)[N]> };

export const settingNames = Object.keys(settings) as readonly SettingName[];

/** A setting as any other. */
export const settingOf = (name: SettingName): Setting<unknown> => settings[name] as Setting<unknown>;

export const isSettingName = (name: string): name is SettingName => Object.hasOwn(settings, name);
