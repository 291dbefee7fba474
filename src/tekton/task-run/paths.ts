/** Where Tekton keeps its files in a container. */

export const paths = {
  workspace: '/workspace',
  tekton: '/tekton',
  home: '/tekton/home',
  results: '/tekton/results',
  steps: '/tekton/steps',
  scripts: '/tekton/scripts',
  credentials: '/tekton/creds',
  artifacts: '/tekton/artifacts',
  run: '/tekton/run',
  downward: '/tekton/downward',
  debugInfo: '/tekton/debug/info',
  debugScripts: '/tekton/debug/scripts',
} as const;

/** @param container `step-NAME` */
export const stepFolder = (container: string): string => `${paths.steps}/${container}`;
export const resultFile = (name: string): string => `${paths.results}/${name}`;
export const stepResultFile = (container: string, name: string): string => `${stepFolder(container)}/results/${name}`;
export const stepArtifactsFile = (container: string): string => `${stepFolder(container)}/artifacts/provenance.json`;
export const exitCodeFile = (container: string): string => `${stepFolder(container)}/exitCode`;
export const artifactsFile = `${paths.artifacts}/provenance.json`;
