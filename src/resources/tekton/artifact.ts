/** Artifacts: what steps say that they used and made. */

import * as s from '../schema.ts';

export const artifactSchema = s.object({
  name: s.describe('Name of the artifact.', s.optional(s.string())),
  values: s.describe(
    'Where it is and what its digests are.',
    s.optional(s.array(s.object({ digest: s.optional(s.map(s.string())), uri: s.optional(s.string()) }))),
  ),
  buildOutput: s.describe('Whether it is what was built.', s.optional(s.boolean())),
});
export type Artifact = s.Infer<typeof artifactSchema>;

export const artifactsSchema = s.object({
  inputs: s.describe('What was used.', s.optional(s.array(artifactSchema))),
  outputs: s.describe('What was made.', s.optional(s.array(artifactSchema))),
});
