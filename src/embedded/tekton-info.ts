/** ConfigMaps by which `tkn` and others learn which Tekton this is. They tell and set nothing, so that nobody edits them. */

import type { Client } from '../client/client.ts';
import { getIfExists } from '../client/get-if-exists.ts';
import { ConfigMap, Namespace } from '../resources/core/kinds.ts';
import { formatDuration, parseDuration } from '../resources/duration.ts';
import { jsonEqual } from '../resources/json.ts';
import { isAlreadyExists } from '../resources/status.ts';
import type { RunDefaults } from '../resources/tekton/defaults/configured.ts';
import { configDefaults, featureFlags, tektonRelease, usualCombinations } from '../resources/tekton/feature-flags.ts';

/** Where Tekton Pipelines is installed by default. */
const namespace = 'tekton-pipelines';

/** Makes the namespace and the ConfigMaps, and those anew that say something else. @param version of kf */
export async function publishTektonInfo(client: Client, version: string, defaults: RunDefaults = usual): Promise<void> {
  try {
    await client.create(Namespace, { metadata: { name: namespace } });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const maps = {
    'pipelines-info': { version: `${tektonRelease}+kf-${version}` },
    'feature-flags': { ...featureFlags, ...flagged(defaults) },
    'config-defaults': { ...configDefaults, ...told(defaults) },
  };
  for (const [name, data] of Object.entries(maps)) await state(client, name, data);
}

const usual: RunDefaults = { timeout: '1h', serviceAccount: 'default' };

const told = ({
  timeout,
  serviceAccount,
  podTemplate,
  workspaceBinding,
  resolver,
  forbiddenEnv = [],
  resources = {},
  matrixCombinations = usualCombinations,
  imagePullBackOffTimeout,
}: RunDefaults) => ({
  ...(imagePullBackOffTimeout === undefined
    ? {}
    : { 'default-imagepullbackoff-timeout': formatDuration(imagePullBackOffTimeout) }),
  'default-max-matrix-combinations-count': String(matrixCombinations),
  'default-timeout-minutes': String(Math.ceil((parseDuration(timeout) ?? 0) / 60_000)),
  'default-service-account': serviceAccount,
  ...(podTemplate === undefined ? {} : { 'default-pod-template': JSON.stringify(podTemplate) }),
  ...(workspaceBinding === undefined ? {} : { 'default-task-run-workspace-binding': JSON.stringify(workspaceBinding) }),
  ...(resolver === undefined ? {} : { 'default-resolver-type': resolver }),
  ...(forbiddenEnv.length === 0 ? {} : { 'default-forbidden-env': forbiddenEnv.join(',') }),
  ...(Object.keys(resources).length === 0
    ? {}
    : { 'default-container-resource-requirements': JSON.stringify(resources) }),
});

const flagged = ({ disableInlineSpec = [], credentials = true }: RunDefaults) => ({
  'disable-creds-init': String(!credentials),
  'disable-inline-spec': disableInlineSpec.join(','),
});

async function state(client: Client, name: string, data: Readonly<Record<string, string>>): Promise<void> {
  const before = await getIfExists(client, ConfigMap, { namespace, name });
  if (before !== undefined && jsonEqual(before.data, data)) return;
  if (before !== undefined) await client.delete(ConfigMap, { namespace, name });
  await client.create(ConfigMap, { metadata: { namespace, name }, data, immutable: true });
}
