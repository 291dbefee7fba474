/**
 * Tekton's configuration as this server follows it, for those who look it up where Tekton has it. What stock Tekton
 * has switched off and this server can do is on: it only accepts what would be refused otherwise.
 */

/** The release of Tekton Pipelines whose behaviour is followed. */
export const tektonRelease = 'v1.15.0';

/** Data of ConfigMap `feature-flags`, beside what the server's settings say. */
export const featureFlags = {
  'enable-api-fields': 'alpha',
  'enable-artifacts': 'true',
  'enable-cel-in-whenexpression': 'true',
  'enable-concise-resolver-syntax': 'true',
  'enable-param-enum': 'true',
  'enable-provenance-in-status': 'true',
  'enable-step-actions': 'true',
  'await-sidecar-readiness': 'true',
  coschedule: 'disabled',
  'enforce-nonfalsifiability': 'none',
  'keep-pod-on-cancel': 'true',
  'require-git-ssh-secret-known-hosts': 'false',
  'results-from': 'termination-message',
  'running-in-environment-with-injected-sidecars': 'false',
  'send-cloudevents-for-runs': 'false',
  'set-security-context': 'false',
  'set-security-context-read-only-root-filesystem': 'false',
  'trusted-resources-verification-no-match-policy': 'ignore',
  // Those that are to be restarted are such sidecars, the others are not.
  'enable-kubernetes-sidecar': 'false',
  'enable-termination-message-compression': 'false',
  'enable-wait-exponential-backoff': 'false',
} as const;

/** What `disable-inline-spec` may name. */
export const inlineSpecs = ['pipeline', 'pipelinerun', 'taskrun'] as const;
export type InlineSpec = (typeof inlineSpecs)[number];

/** Runs that a matrix may make: `default-max-matrix-combinations-count`. */
export const usualCombinations = 256;

/** Data of ConfigMap `config-defaults`, beside what the server's settings say. */
export const configDefaults = {
  'default-managed-by-label-value': 'tekton-pipelines',
} as const;
