/** tekton.dev/v1 Pipeline: what PipelineRuns refer to. */

import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { admitPipeline } from './admission.ts';
import { pipelineSpecDefaults } from './defaults/specs.ts';
import { pipelineSpecSchema } from './pipeline-spec.ts';
import { tektonDeclaration } from './run.ts';
import { v1beta1 } from './v1beta1/conversions.ts';

const body = { spec: s.describe('What a PipelineRun of it runs.', pipelineSpecSchema) };

export type Pipeline = Resource<typeof body>;
export const Pipeline: Kind<Pipeline> = defineKind({
  ...tektonDeclaration,
  kind: 'Pipeline',
  otherVersions: [{ version: 'v1beta1', conversion: v1beta1.pipeline }],
  body,
  default: (pipeline) => ({ ...pipeline, spec: pipelineSpecDefaults(pipeline.spec) }),
  admit: admitPipeline,
});
