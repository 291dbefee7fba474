/** docs/exit-codes-and-reasons.md names every reason that the code gives, and no others. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { allKinds } from '../../src/resources/all-kinds.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/exit-codes-and-reasons.md'), 'utf8');

/** Who writes conditions. */
const folders = ['src/build', 'src/controllers', 'src/embedded', 'src/node', 'src/tekton', 'src/resources/kf'];

/** Words of conditions and of Kubernetes that are no reasons. A new word belongs here, or on the page. */
const noReasons = new Set(
  `AppNetworkPolicyReady BackingResourceReady BuildNetworkPolicyReady BuildReady ContainersReady
  CredentialsSecretReady DeploymentReady ImageReady NamespaceReady ParamsSecretPopulatedReady ParamsSecretReady
  PodScheduled ServiceInstanceBindingsReady ServiceInstanceReady SourcePackageReady SpaceReady TaskRunReady
  VolumeParamsPopulatedReady Initialized Ready True False Unknown
  CancelledRunFinally StoppedRunFinally RunCancelled PipelineRunPending None Tasks Couldn TaskRunPending WaitingFor
  FailedPostStartHook FailedToRetrieveSecret BackOff Created Ending FailedScheduling Killing Scheduled Normal Warning
  AlreadyExists Conflict Forbidden TooManyRequests InsufficientStorage Invalid ServiceUnavailable
  Active Always Cluster Never IfNotPresent Forbid Replace DenyAll PermitAll Delete Retain Recycle Available Bound
  Lost Released Opaque Namespaced NotIn Exists DoesNotExist Egress Ingress Filesystem ReadWriteMany Foreground Orphan
  Background Hostname InternalIP Linux Memory Disk Procfile Dockerfile Waiting Run Job App Bytes OnFailure
  Authorization BadRequest Git Http Hub Kind Tekton Insufficient Done Ki Mi Gi Ti Pi Ei
  Container UploadReady Source PodGone ImageNotFound ImageToolsMissing MemAvailable MemTotal Resolving`.split(/\s+/),
);

function wordsOfTheCode(): ReadonlySet<string> {
  const found = new Set<string>();
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)),
  );
  for (const file of [...files.filter((name) => name.endsWith('.ts')), join(root, 'src/apiserver/http/upload.ts')]) {
    const code = readFileSync(file, 'utf8')
      .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      // Names of errors and of columns.
      .replace(/\bname(?:: string)? ?[=:] '\w+'/g, '');
    for (const [, word] of code.matchAll(/['`]([A-Z]+[a-z]+(?:[A-Z]+[a-z]*)*)(?:'|: )/g)) found.add(word!);
  }
  return found;
}

test('every reason stands on the page, and no other', () => {
  const kinds = new Set(allKinds.flatMap(({ kind }) => [kind]));
  const given = [...wordsOfTheCode()].filter(
    (word) => !noReasons.has(word) && !kinds.has(word) && !/Error$/.test(word),
  );
  const told = [...page.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([A-Za-z]+)`/g)].map(([, word]) => word!),
  );
  expect({ missing: given.filter((word) => !told.includes(word)).sort() }).toEqual({ missing: [] });
  const code = wordsOfTheCode();
  expect({ obsolete: told.filter((word) => !code.has(word)) }).toEqual({ obsolete: [] });
});
