/** `kf vcap-services`: what Tasks of an App find in VCAP_SERVICES. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { childName } from '../../resources/names.ts';
import { getApp } from '../apps/find-app.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';

export async function printVcapServices(context: Context, name: string): Promise<void> {
  context.dataOnly = true;
  const session = await context.session();
  await getApp(session, name);
  const ref = { namespace: session.space, name: childName('kf-injected-envs-', name) };
  const data = (await getIfExists(session.client, Secret, ref))?.data?.VCAP_SERVICES;
  if (data === undefined) throw new CliError('VCAP_SERVICES does not exist');
  await context.io.out(`${Buffer.from(data, 'base64').toString()}\n`);
}
