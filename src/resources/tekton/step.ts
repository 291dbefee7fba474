/** Steps, their template and sidecars of a Task (tekton.dev/v1). */

import { envVarSchema, probeSchema, resourcesSchema, securityContextSchema, volumeMountSchema } from '../core/pod.ts';
import * as s from '../schema.ts';
import { paramsSchema, stepResultSchema } from './param.ts';
import { stepRefSchema } from './reference.ts';
import { whenSchema } from './when-expression.ts';
import { workspaceUsageSchema } from './workspace.ts';

const envFromSource = s.object({
  prefix: s.describe('Put before each name.', s.optional(s.string())),
  configMapRef: s.optional(s.object({ name: s.optional(s.string()), optional: s.optional(s.boolean()) })),
  secretRef: s.optional(s.object({ name: s.optional(s.string()), optional: s.optional(s.boolean()) })),
});

/** What steps, their template and sidecars have of a container. */
const containerFields = {
  image: s.describe('Image of the container.', s.optional(s.string())),
  command: s.describe('Instead of the image’s ENTRYPOINT.', s.optional(s.array(s.string()))),
  args: s.describe('Arguments of the command, the script or the ENTRYPOINT.', s.optional(s.array(s.string()))),
  workingDir: s.describe('Default: the image’s.', s.optional(s.string())),
  envFrom: s.describe('ConfigMaps and Secrets whose keys are variables.', s.optional(s.array(envFromSource))),
  env: s.describe('Environment variables.', s.optional(s.array(envVarSchema))),
  computeResources: s.describe('Requests and limits of CPU and memory.', s.optional(resourcesSchema)),
  volumeMounts: s.describe('Volumes that the container sees.', s.optional(s.array(volumeMountSchema))),
  volumeDevices: s.describe(
    'Block devices that the container sees.',
    s.optional(s.array(s.object({ name: s.string(), devicePath: s.string() }))),
  ),
  imagePullPolicy: s.describe(
    'When the image is pulled. Default: `IfNotPresent`, with the tag `latest` `Always`.',
    // Or a variable.
    s.optional(s.string({ pattern: '^(Always|IfNotPresent|Never|.*\\$\\(.+\\).*)$' })),
  ),
  securityContext: s.describe('User and privileges.', s.optional(securityContextSchema)),
};

const script = s.describe(
  'A program whose first line may be `#!INTERPRETER`; default: `#!/bin/sh` with `set -e`. Instead of command.',
  s.optional(s.string()),
);

const workspaces = s.describe(
  'Workspaces that only those who name them get.',
  s.optional(s.array(workspaceUsageSchema)),
);

const outputConfig = s.object({
  path: s.describe('A file that the output is copied to.', s.optional(s.string())),
});

export const stepSchema = s.object({
  name: s.describe('Unique in the Task.', s.optional(s.string())),
  displayName: s.describe('For the reader.', s.optional(s.string())),
  ...containerFields,
  script,
  timeout: s.describe('Go duration from the start of the step. Default: no limit.', s.optional(s.string())),
  workspaces,
  onError: s.describe(
    '`continue` goes on with the next step; `stopAndFail` (default) does not.',
    s.optional(s.string()),
  ),
  stdoutConfig: s.describe('Copy of the standard output.', s.optional(outputConfig)),
  stderrConfig: s.describe('Copy of the standard error.', s.optional(outputConfig)),
  ref: s.describe('The StepAction that says what runs.', s.optional(stepRefSchema)),
  params: s.describe('Values for the params of the StepAction.', paramsSchema),
  results: s.describe('Results that the step writes.', s.optional(s.array(stepResultSchema))),
  when: whenSchema,
});
export type Step = s.Infer<typeof stepSchema>;

export const stepTemplateSchema = s.object(containerFields);
export type StepTemplate = s.Infer<typeof stepTemplateSchema>;

const probe = (description: string) => s.describe(description, s.optional(probeSchema));

const sidecarPort = s.object(
  { containerPort: s.integer(), protocol: s.withDefault(s.string(), 'TCP') },
  { open: true },
);

export const sidecarSchema = s.object({
  name: s.withDefault(s.describe('Unique in the Task; one may go without.', s.string()), ''),
  ...containerFields,
  ports: s.describe(
    'Ports that it listens on, for the reader.',
    s.optional(s.keyed(['containerPort', 'protocol'], sidecarPort)),
  ),
  livenessProbe: probe('Says whether it is alive.'),
  readinessProbe: probe('Says whether it is ready; the first step waits for that.'),
  startupProbe: probe('Says whether it has started.'),
  lifecycle: s.describe('What runs after its start and before its end.', s.optional(s.anyObject())),
  terminationMessagePath: s.describe('A file whose content becomes its message.', s.optional(s.string())),
  terminationMessagePolicy: s.describe('`File` or `FallbackToLogsOnError`.', s.optional(s.string())),
  stdin: s.describe('Keeps the standard input open.', s.optional(s.boolean())),
  stdinOnce: s.describe('Closes the standard input after the first user.', s.optional(s.boolean())),
  tty: s.describe('Gives it a terminal.', s.optional(s.boolean())),
  script,
  workspaces,
  restartPolicy: s.describe('`Always`: restarted when it ends before the steps do.', s.optional(s.string())),
});
export type Sidecar = s.Infer<typeof sidecarSchema>;
