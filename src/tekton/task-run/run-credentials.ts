/** The credentials of a run's ServiceAccount as a Secret of the run, which its steps see as files. */

import type { Client, Draft } from '../../client/client.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { eventOf } from '../../resources/core/event-of.ts';
import { Event, Secret, ServiceAccount } from '../../resources/core/kinds.ts';
import { Pod, type Volume, type VolumeMount } from '../../resources/core/pod.ts';
import { jsonEqual } from '../../resources/json.ts';
import { controllerRef, isControlledBy, refOf } from '../../resources/meta.ts';
import { childName } from '../../resources/names.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import { attemptOf, podName } from './attempt.ts';
import { credentialFiles } from './credentials.ts';
import { TaskRunFailure } from './failure.ts';
import { paths } from './paths.ts';

export interface Credentials {
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
  /** For the images, where the Pod template names none. */
  readonly pullSecrets?: Pod['spec']['imagePullSecrets'];
  /** Secrets that the ServiceAccount names and that are not there. */
  readonly missing?: readonly string[];
}

const volume = 'tekton-creds';
/** Keys of Secrets have no slashes. */
const keyOf = (path: string): string => path.replaceAll('/', '_');

/**
 * Undefined where there are none.
 * @param asFiles whether steps see them @throws TaskRunFailure where the ServiceAccount is not there
 */
export async function credentialsOf(client: Client, run: TaskRun, asFiles = true): Promise<Credentials | undefined> {
  const account = await accountOf(client, run);
  const forImages = given('pullSecrets', account?.imagePullSecrets);
  if (!asFiles) return Object.keys(forImages).length === 0 ? undefined : { volumes: [], mounts: [], ...forImages };
  const { found, missing } = await secretsOf(client, run, account);
  const files = credentialFiles(found);
  const beside = { ...forImages, ...given('missing', missing) };
  if (files.size === 0) return Object.keys(beside).length === 0 ? undefined : { volumes: [], mounts: [], ...beside };
  const secret = secretOf(run, files);
  await put(client, secret);
  const items = [...files.keys()].map((path) => ({ key: keyOf(path), path, mode: 0o600 }));
  return {
    volumes: [{ name: volume, secret: { secretName: secret.metadata.name ?? '', items, defaultMode: 0o600 } }],
    mounts: [{ name: volume, mountPath: paths.credentials, readOnly: true }],
    ...beside,
  };
}

const given = (name: 'pullSecrets' | 'missing', list: readonly unknown[] | undefined): object =>
  list === undefined || list.length === 0 ? {} : { [name]: list };

/** Once the run is over nobody needs them. */
export async function dropCredentials(client: Client, run: TaskRun): Promise<void> {
  const pod = await getIfExists(client, Pod, { ...refOf(run), name: podName(run, attemptOf(run)) });
  if (pod !== undefined && !(pod.spec.volumes ?? []).some(({ name }) => name === volume)) return;
  const ref = { ...refOf(run), name: secretName(run) };
  const secret = await getFromServer(client, Secret, ref);
  if (secret === undefined || !isControlledBy(secret, run)) return;
  try {
    await client.delete(Secret, ref);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

const secretName = (run: TaskRun): string => childName(run.metadata.name, '-creds');

async function accountOf(client: Client, run: TaskRun): Promise<ServiceAccount | undefined> {
  const name = run.spec.serviceAccountName || 'default';
  const account = await getIfExists(client, ServiceAccount, { ...refOf(run), name });
  if (account === undefined && name !== 'default')
    throw new TaskRunFailure(
      'PodCreationFailed',
      `failed to create task run pod "${run.metadata.name}": translating TaskSpec to Pod: serviceaccounts "${name}" not found. Maybe ${run.spec.taskRef === undefined ? 'invalid TaskSpec' : `missing or invalid Task ${run.metadata.namespace ?? ''}/${run.spec.taskRef.name ?? ''}`}`,
    );
  return account;
}

async function secretsOf(
  client: Client,
  run: TaskRun,
  account: ServiceAccount | undefined,
): Promise<{ readonly found: readonly Secret[]; readonly missing: readonly string[] }> {
  const names = [...new Set((account?.secrets ?? []).flatMap((reference) => reference.name || []))];
  const all = await Promise.all(names.map((secret) => getIfExists(client, Secret, { ...refOf(run), name: secret })));
  return {
    found: all.filter((secret) => secret !== undefined),
    // A missing Secret is reported, but does not fail the run.
    missing: names.filter((_name, index) => all[index] === undefined),
  };
}

/** Tekton's Event for Secrets that are not there. @param now milliseconds since the epoch */
export async function tellOfMissing(client: Client, run: TaskRun, missing: readonly string[], now: number) {
  const names = missing.join(', ');
  const message = `Unable to retrieve some secrets (${names}); attempting to use them may not succeed.`;
  const told = { type: 'Warning', reason: 'FailedToRetrieveSecret', message, key: names } as const;
  try {
    await client.create(Event, eventOf(run, told, now));
  } catch (error) {
    if (!isAlreadyExists(error) && !isNotFound(error)) throw error;
  }
}

function secretOf(run: TaskRun, files: ReadonlyMap<string, string>): Draft<Secret> {
  const data = [...files].map(([path, content]) => [keyOf(path), Buffer.from(content).toString('base64')]);
  return {
    metadata: {
      name: secretName(run),
      ...(run.metadata.namespace === undefined ? {} : { namespace: run.metadata.namespace }),
      ownerReferences: [controllerRef(run)],
    },
    type: 'Opaque',
    data: Object.fromEntries(data) as Record<string, string>,
  };
}

/** A further attempt has what the Secrets say by then. */
async function put(client: Client, draft: Draft<Secret>): Promise<void> {
  try {
    await client.create(Secret, draft);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { name = '', namespace, ownerReferences = [] } = draft.metadata;
    const ref = { name, ...(namespace === undefined ? {} : { namespace }) };
    const there = await client.get(Secret, ref);
    if (there.metadata.ownerReferences?.[0]?.uid !== ownerReferences[0]?.uid)
      throw new TaskRunFailure('PodCreationFailed', `there is a Secret "${name}" that belongs to something else`);
    if (!jsonEqual(there.data, draft.data)) await client.update(Secret, { ...there, data: draft.data });
  }
}
