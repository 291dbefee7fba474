/** `kf service`: everything about one service; its credentials only when asked for. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf } from '../../resources/condition.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { annotations } from '../../resources/labels.ts';
import type { Context } from '../context.ts';
import { formatDescription, section } from '../output/describe.ts';
import { formatObject, type OutputFormat } from '../output/objects.ts';
import { hidden } from '../secrets.ts';
import { getService, listBindings } from './find-service.ts';

export async function describeService(
  context: Context,
  name: string,
  { output, show = false }: { readonly output?: OutputFormat; readonly show?: boolean },
): Promise<void> {
  if (output !== undefined) context.dataOnly = true;
  const session = await context.session();
  const service = await getService(session, name);
  if (output !== undefined) return context.io.out(await formatObject(output, ServiceInstance, service));
  const ref = { namespace: session.space, name: service.spec.parametersFrom.name };
  const [bindings, secret] = await Promise.all([
    listBindings(session, { service: name }),
    getIfExists(session.client, Secret, ref),
  ]);
  const { metadata, spec, status = {} } = service;
  const ready = conditionOf(service, 'Ready');
  context.io.note(`Getting service ${name} in Space: ${session.space}`);
  await context.io.out(
    formatDescription([
      ['Name', name],
      ['Space', session.space],
      ['Created', metadata.creationTimestamp],
      ['Created By', metadata.annotations?.[annotations.createdBy]],
      ['Type', status.serviceTypeDescription],
      ['Class', status.className],
      ['Plan', status.planName],
      ['Tags', spec.tags?.length ? spec.tags.join(', ') : undefined],
      ['Ready', ready?.status ?? 'Unknown'],
      ['Reason', ready?.reason],
      ['Message', ready?.message],
      ['Warning', status.volumeStatus?.warning],
      ['Bound Apps', bindings.map((binding) => binding.spec.app.name).join(', ') || '<none>'],
      [
        spec.volume === undefined ? 'Credentials' : 'Volume',
        section(entriesOf(secret, show || spec.volume !== undefined)),
      ],
    ]),
  );
}

function entriesOf(secret: Secret | undefined, show: boolean) {
  const text = secret?.data?.params;
  if (text === undefined) return [];
  let values: unknown;
  try {
    values = JSON.parse(Buffer.from(text, 'base64').toString());
  } catch {
    return [];
  }
  return Object.entries((values ?? {}) as object).map(
    ([key, value]) => [key, !show ? hidden : typeof value === 'string' ? value : JSON.stringify(value)] as const,
  );
}
