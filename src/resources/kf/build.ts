/** kf.dev/v1alpha1 Build: turns a SourcePackage into an image; runs once. */

import { conditionSchema, isFinal } from '../condition.ts';
import { envVarSchema } from '../core/pod.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { labels } from '../labels.ts';
import * as s from '../schema.ts';

const buildSpecFields = {
  sourcePackage: s.optional(s.object({ name: s.string() })),
  name: s.describe(
    'The builder: `host-stack`, `dockerfile` (Kf: `kaniko`), `buildpack` (Kf: `buildpackv3`) or `image`.',
    s.string({ minLength: 1 }),
  ),
  kind: s.optional(s.string()),
  apiVersion: s.optional(s.string()),
  params: s.optional(s.array(s.object({ name: s.string(), value: s.string() }))),
  env: s.optional(s.keyed(['name'], envVarSchema)),
  nodeSelector: s.optional(s.map(s.string())),
  imagePullSecrets: s.describe(
    'Secrets of type kubernetes.io/dockerconfigjson with credentials for registries. Added by kf-tasks.',
    s.optional(s.array(s.object({ name: s.string() }))),
  ),
};
export const buildSpecSchema = s.object(buildSpecFields);
export type BuildSpec = s.Infer<typeof buildSpecSchema>;

/** Condition of a finished Build: False once its image is not on the machine any more. Added by kf-tasks. */
export const imageReady = 'ImageReady';
/** Reason of `imageReady`, and of an App's `BuildReady` that follows from it. */
export const imageMissing = 'ImageMissing';

/** A parameter of a Build: with the value `true` it takes no layer of an earlier one. Added by kf-tasks. */
export const noCacheParam = 'NO_CACHE';

/** What the host-stack builder is called in spec.name. */
export const hostStackBuilder = 'host-stack';
/** Builds a Dockerfile, the one that the parameter `DOCKERFILE` names. */
export const dockerfileBuilder = 'dockerfile';
/** Cloud Native Buildpacks, with the builder image that the parameter `BUILDER_IMAGE` names. */
export const buildpackBuilder = 'buildpack';
/** Takes an image as it is, the one that the parameter `IMAGE` names: of a registry, or out of the uploaded archive. */
export const imageBuilder = 'image';
export const builderNames = [hostStackBuilder, dockerfileBuilder, buildpackBuilder, imageBuilder] as const;
/** Kf's own names of builders, and ours. */
export const kfBuilders: Readonly<Record<string, string>> = {
  kaniko: dockerfileBuilder,
  buildpackv3: buildpackBuilder,
};

/** Names of parameters; the first is Kf's. */
export const buildParams = { dockerfile: 'DOCKERFILE', builderImage: 'BUILDER_IMAGE', image: 'IMAGE' } as const;

export const paramOf = (spec: BuildSpec, name: string): string | undefined =>
  spec.params?.find((param) => param.name === name)?.value;

/** What an image was built on. */
export const stackSchema = s.object({
  name: s.string(),
  fingerprint: s.optional(s.string()),
  launcher: s.describe(
    'Program of the image through which commands are run, so that they see what buildpacks have set. Added by kf-tasks.',
    s.optional(s.string()),
  ),
});

const body = {
  spec: s.object({
    ...buildSpecFields,
    terminated: s.describe('Whether it is to end now, without an image. Added by kf-tasks.', s.optional(s.boolean())),
  }),
  status: s.optional(
    s.object({
      conditions: s.optional(s.keyed(['type'], conditionSchema)),
      observedGeneration: s.optional(s.integer()),
      image: s.optional(s.string()),
      buildName: s.optional(s.string()),
      startTime: s.optional(s.time()),
      completionTime: s.optional(s.time()),
      duration: s.optional(s.string()),
      stack: s.describe('Fingerprint of the stack that the image was built on.', s.optional(stackSchema)),
      startCommand: s.describe(
        'Start command found in the source (Procfile `task:` or `web:`, package.json `start`).',
        s.optional(s.string()),
      ),
      phase: s.describe('The step that a running build is at, for progress.', s.optional(s.string())),
    }),
  ),
};

export type Build = Resource<typeof body>;

export const Build: Kind<Build> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'Build',
  categories: ['all', 'kf'],
  columns: [
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Task', type: 'string', jsonPath: '.spec.name' },
    { name: 'Duration', type: 'string', jsonPath: '.status.duration' },
    { name: 'Succeeded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].reason' },
    { name: 'Image', type: 'string', jsonPath: '.status.image' },
  ],
  body,
  finished: isFinal,
  default: (build) => ({
    ...build,
    metadata: {
      ...build.metadata,
      labels: { [labels.managedBy]: 'kf', ...build.metadata.labels, [labels.component]: 'build' },
    },
  }),
});
