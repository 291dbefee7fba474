/** kf.dev/v1alpha1 App: a name, an image (built or given), an environment and defaults for the App's Tasks. */

import { conditionSchema } from '../condition.ts';
import { envVarSchema, resourcesSchema } from '../core/pod.ts';
import { type FieldError, invalid, required } from '../field-error.ts';
import { isOwnImage } from '../image-reference.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { labels } from '../labels.ts';
import { childName, shortHash } from '../names.ts';
import { parseQuantity } from '../quantity.ts';
import * as s from '../schema.ts';
import { type BuildSpec, buildParams, buildSpecSchema, hostStackBuilder, imageBuilder, stackSchema } from './build.ts';
import { nameErrors } from './kf-object.ts';

const appContainer = s.object({
  name: s.withDefault(s.string(), 'user-container'),
  command: s.optional(s.array(s.string())),
  args: s.optional(s.array(s.string())),
  workingDir: s.optional(s.string()),
  env: s.optional(s.keyed(['name'], envVarSchema)),
  resources: s.optional(resourcesSchema),
});

const body = {
  spec: s.object({
    /** `image` or `spec`; both absent while the first source is being uploaded. */
    build: s.object({
      image: s.optional(s.string()),
      imagePullSecrets: s.describe(
        'Secrets of type kubernetes.io/dockerconfigjson with credentials for the registry of the image. Added by kf-tasks.',
        s.optional(s.array(s.object({ name: s.string() }))),
      ),
      spec: s.optional(buildSpecSchema),
      updateRequests: s.withDefault(s.integer({ minimum: 0 }), 0),
    }),
    template: s.object({
      spec: s.object({ containers: s.array(appContainer, { minItems: 1 }) }),
      updateRequests: s.withDefault(s.integer({ minimum: 0 }), 0),
    }),
    instances: s.withDefault(
      s.object({ stopped: s.withDefault(s.boolean(), false), replicas: s.withDefault(s.integer(), 1) }),
      { stopped: false, replicas: 1 },
    ),
    routes: s.optional(s.array(s.anyObject())),
  }),
  status: s.optional(
    s.object({
      conditions: s.optional(s.keyed(['type'], conditionSchema)),
      observedGeneration: s.optional(s.integer()),
      image: s.describe('The last image that was built well, or the given one.', s.optional(s.string())),
      latestBuild: s.optional(s.string()),
      latestReadyBuild: s.optional(s.string()),
      stack: s.describe(
        'The stack’s fingerprint (distribution and interpreters) of the image; absent for given images.',
        s.optional(stackSchema),
      ),
      tasks: s.optional(
        s.object({
          updateRequests: s.describe(
            'The last Task number given; taken by a conditional update, so gaps are possible and doubles are not.',
            s.optional(s.integer()),
          ),
        }),
      ),
      startCommands: s.optional(
        s.object({
          image: s.describe(
            'From the source: manifest, Procfile, package.json; or the image’s own.',
            s.optional(s.array(s.string())),
          ),
          container: s.optional(s.array(s.string())),
          error: s.optional(s.string()),
        }),
      ),
      serviceBindings: s.describe(
        'The bindings whose credentials Tasks that start now get. Added by kf-tasks.',
        s.optional(
          s.array(
            s.object({
              name: s.string(),
              instance: s.string(),
              paramsVersion: s.optional(s.string()),
            }),
          ),
        ),
      ),
      volumes: s.describe(
        'The volumes that Tasks which start now get.',
        s.optional(
          s.array(
            s.object({
              name: s.string(),
              claimName: s.string(),
              mountPath: s.string(),
              readOnly: s.optional(s.boolean()),
            }),
          ),
        ),
      ),
      instances: s.optional(s.object({ representation: s.optional(s.string()) })),
      urls: s.optional(s.array(s.string())),
    }),
  ),
};

export type App = Resource<typeof body>;

export const App: Kind<App> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'App',
  categories: ['all', 'kf'],
  columns: [
    { name: 'Instances', type: 'string', jsonPath: '.status.instances.representation' },
    { name: 'Memory', type: 'string', jsonPath: '.spec.template.spec.containers[0].resources.requests.memory' },
    {
      name: 'Disk',
      type: 'string',
      jsonPath: '.spec.template.spec.containers[0].resources.requests.ephemeral-storage',
    },
    { name: 'CPU', type: 'string', jsonPath: '.spec.template.spec.containers[0].resources.requests.cpu' },
    { name: 'URLs', type: 'string', jsonPath: '.status.urls' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
  ],
  body,
  default: (app) => {
    const [first, ...rest] = app.spec.template.spec.containers;
    if (first === undefined) return app;
    const requests = { memory: '1Gi', 'ephemeral-storage': '1Gi', cpu: '100m', ...first.resources?.requests };
    const limits = {
      memory: requests.memory,
      'ephemeral-storage': requests['ephemeral-storage'],
      ...first.resources?.limits,
    };
    const containers = [{ ...first, resources: { requests, limits } }, ...rest];
    return {
      ...app,
      metadata: {
        ...app.metadata,
        labels: {
          [labels.managedBy]: 'kf',
          ...app.metadata.labels,
          [labels.component]: 'app-server',
          [labels.appName]: app.metadata.name,
        },
      },
      spec: { ...app.spec, template: { ...app.spec.template, spec: { containers } } },
    };
  },
  validate: (app, old) => {
    const errors: FieldError[] = [];
    errors.push(...nameErrors(app.metadata.name));
    const containers = app.spec.template.spec.containers;
    if (containers.length > 1)
      errors.push(invalid('spec.template.spec.containers', containers.length, 'must be exactly one'));
    errors.push(...resourceErrors('spec.template.spec.containers[0].resources', containers[0]?.resources));
    const { image, spec, updateRequests } = app.spec.build;
    if (image !== undefined && spec !== undefined)
      errors.push(required('spec.build', 'expected exactly one, got both: spec.build.image, spec.build.spec'));
    if (old !== undefined && (updateRequests ?? 0) < (old.spec.build.updateRequests ?? 0))
      errors.push(
        invalid(
          'spec.build.updateRequests',
          updateRequests,
          `UpdateRequests must be nondecreasing, previous value: ${old.spec.build.updateRequests} new value: ${updateRequests}`,
        ),
      );
    return errors;
  },
});

/** Kf's name of the Build of an App's present build request, `APP-N`; that of a given image bears a part of its hash, too. */
export function buildName({ metadata: { name }, spec: { build } }: App): string {
  const number = `-${build.updateRequests ?? 0}`;
  return childName(name, build.image === undefined ? number : `${number}-${shortHash(build.image)}`);
}

/**
 * What the Build of an App is to build; undefined where there is nothing yet, or the image is one of this server. A given
 * image is built by having it: Tasks then run what its tag meant when it was pushed.
 */
export function wantedBuild({ spec: { build } }: App): BuildSpec | undefined {
  const { image, imagePullSecrets, spec } = build;
  if (image === undefined) return spec;
  if (isOwnImage(image)) return undefined;
  return {
    name: imageBuilder,
    params: [{ name: buildParams.image, value: image }],
    ...(imagePullSecrets === undefined ? {} : { imagePullSecrets }),
  };
}

/** Whether the App's image may say by itself what runs in it, as one that was not built on a stack does. */
export const hasImageCommand = ({ spec: { build } }: App): boolean =>
  build.image !== undefined || !hasStartCommands.has(build.spec?.name ?? hostStackBuilder);

/** Builders that find the start command in the source. */
const hasStartCommands: ReadonlySet<string> = new Set([hostStackBuilder]);

/** Complaints about requests and limits that are no quantities, or negative. */
function resourceErrors(path: string, resources: s.Infer<typeof resourcesSchema> | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const list of ['requests', 'limits'] as const)
    for (const [name, text] of Object.entries(resources?.[list] ?? {})) {
      const value = parseQuantity(text);
      if (value === undefined || value < 0)
        errors.push(invalid(`${path}.${list}.${name}`, text, 'must be a quantity of 0 or more, like 512Mi or 0.5'));
    }
  return errors;
}
