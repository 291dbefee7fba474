/** Workspaces: declared by Tasks and Pipelines, bound to volumes by runs (tekton.dev/v1). */

import { fileMode, keyToPathSchema, volumeProjectionSchema, volumeSchema } from '../core/pod.ts';
import { claimSpecSchema } from '../core/volumes.ts';
import type { ObjectMeta } from '../meta.ts';
import * as s from '../schema.ts';

export const workspaceDeclarationSchema = s.object({
  name: s.describe('Name by which steps and runs refer to it.', s.string()),
  description: s.describe('For the reader.', s.optional(s.string())),
  mountPath: s.describe('Where steps see it. Default: `/workspace/NAME`.', s.optional(s.string())),
  readOnly: s.describe('Steps may only read. Default: false.', s.optional(s.boolean())),
  optional: s.describe('A run need not bind it. Default: false.', s.optional(s.boolean())),
});
export type WorkspaceDeclaration = s.Infer<typeof workspaceDeclarationSchema>;

export const pipelineWorkspaceDeclarationSchema = s.object({
  name: s.describe('Name by which pipeline tasks and runs refer to it.', s.string()),
  description: s.describe('For the reader.', s.optional(s.string())),
  optional: s.describe('A run need not bind it. Default: false.', s.optional(s.boolean())),
});

export const workspaceUsageSchema = s.object({
  name: s.describe('A workspace of the Task that only those who name it get.', s.string()),
  mountPath: s.describe('Where it is seen. Default: the path of the declaration.', s.optional(s.string())),
});

export const workspacePipelineTaskBindingSchema = s.object({
  name: s.describe('A workspace of the task.', s.string()),
  workspace: s.describe('The workspace of the Pipeline. Default: the one of the same name.', s.optional(s.string())),
  subPath: s.describe('A folder inside of it. Default: all of it.', s.optional(s.string())),
});

const { properties: volumeSources } = volumeSchema.json;

/** A volume's source, by the schema of Pods; anything where Pods do not know it. */
const source = <T>(name: string, description: string): s.Schema<T, true> =>
  s.describe(description, s.optional({ json: volumeSources?.[name] ?? s.anyObject().json, optional: false }));

const volumeClaimTemplateSchema = s.object(
  {
    metadata: s.optional(s.anyObject<Partial<ObjectMeta>>()),
    spec: s.optional(claimSpecSchema),
  },
  { open: true },
);

export const workspaceBindingSchema = s.object({
  name: s.describe('A workspace of the Task or Pipeline.', s.string()),
  subPath: s.describe('A folder inside of the volume. Default: all of it.', s.optional(s.string())),
  volumeClaimTemplate: s.describe(
    'A claim that is made for this run and goes with it.',
    s.optional(volumeClaimTemplateSchema),
  ),
  persistentVolumeClaim: s.describe(
    'A claim of the same namespace.',
    s.optional(s.object({ claimName: s.optional(s.string()), readOnly: s.optional(s.boolean()) })),
  ),
  emptyDir: source<{ readonly medium?: string; readonly sizeLimit?: string }>(
    'emptyDir',
    'An empty folder that lives as long as the Pod.',
  ),
  configMap: s.describe(
    'A ConfigMap whose keys are files.',
    s.optional(
      s.object({
        name: s.optional(s.string()),
        items: s.optional(s.array(keyToPathSchema)),
        defaultMode: s.optional(fileMode),
        optional: s.optional(s.boolean()),
      }),
    ),
  ),
  secret: s.describe(
    'A Secret whose keys are files.',
    s.optional(
      s.object({
        secretName: s.optional(s.string()),
        items: s.optional(s.array(keyToPathSchema)),
        defaultMode: s.optional(fileMode),
        optional: s.optional(s.boolean()),
      }),
    ),
  ),
  projected: s.describe(
    'Several Secrets, ConfigMaps and tokens in one folder.',
    s.optional(
      s.object({
        sources: s.optional(s.array(volumeProjectionSchema)),
        defaultMode: s.optional(fileMode),
      }),
    ),
  ),
  csi: s.describe(
    'A volume of a CSI driver.',
    s.optional(s.anyObject<Readonly<Record<string, unknown>> & { readonly driver?: string }>()),
  ),
});
export type WorkspaceBinding = s.Infer<typeof workspaceBindingSchema>;

export const workspaceBindingsSchema = s.describe(
  'Volumes of the workspaces.',
  s.optional(s.array(workspaceBindingSchema)),
);
