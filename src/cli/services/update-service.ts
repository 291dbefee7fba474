/** `kf update-user-provided-service`. */

import { Secret } from '../../resources/core/kinds.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { awaitBoundVersion, awaitService } from './await-ready.ts';
import { getService, listBindings } from './find-service.ts';
import { parseParams, parseTags } from './params.ts';

export interface UpdateFlags {
  readonly parameters?: string;
  readonly params?: string;
  readonly tags?: string;
  readonly async?: boolean;
}

const updatedAnnotation = 'kf.dev/updated';

/** Credentials are replaced as a whole; `{}` keeps them, as in Kf. */
export async function updateUserProvided(context: Context, name: string, flags: UpdateFlags): Promise<void> {
  const params = parseParams(context.cwd, '-p', flags.parameters ?? flags.params);
  const keeps = Object.keys(params).length === 0;
  if (keeps && flags.tags === undefined)
    throw new CliError('nothing to change: give new credentials by -p, or tags by -t');
  const session = await context.changing();
  const { client, space } = session;
  const service = await getService(session, name);
  if (service.spec.userProvided === undefined) throw new CliError('Service instance is not user-provided');
  await context.io.out(`Updating service instance "${name}" in Space "${space}"\n`);
  const ref = { namespace: space, name };
  if (flags.tags !== undefined)
    await client.patch(ServiceInstance, ref, { type: 'merge', body: { spec: { tags: parseTags(flags.tags) } } });
  const data = keeps ? {} : { params: Buffer.from(JSON.stringify(params)).toString('base64') };
  // A change of tags alone gives a new version, too, which can be waited for.
  const metadata = { annotations: { [updatedAnnotation]: new Date(context.clock.now()).toISOString() } };
  const secretRef = { namespace: space, name: service.spec.parametersFrom.name };
  const secret = await client.patch(Secret, secretRef, { type: 'merge', body: { metadata, data } });
  const version = secret.metadata.resourceVersion ?? '';
  if (flags.async) return context.io.note('Waiting for service instance to become ready asynchronously');
  const text = 'Waiting for service instance to become ready...';
  await awaitService(context, ref, version, { text });
  for (const { metadata, spec } of await listBindings(session, { service: name }))
    await awaitBoundVersion(context, { namespace: space, name: spec.app.name }, metadata.name, version, { text });
  context.io.note('Success');
}
