/** `kf create-service volume`. */

import { errorMessage } from '../../resources/errors.ts';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { readVolumeParams } from '../../resources/kf/volume-params.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { createService } from './create-service.ts';
import { parseParams, parseTags } from './params.ts';

export interface CreateServiceFlags {
  readonly parameters?: string;
  readonly tags?: string;
  readonly async?: boolean;
}

/** @param words the class, perhaps a plan as in Kf, and the name */
export async function createServiceAction(
  context: Context,
  words: readonly string[],
  flags: CreateServiceFlags,
): Promise<void> {
  const [className] = words;
  const name = words.at(-1)!;
  const plan = words.length === 3 ? words[1] : undefined;
  if (className !== 'volume')
    throw new CliError(`there is no service ${JSON.stringify(className)}; there is: volume`, {
      tips: [
        {
          description: 'For a service that runs elsewhere',
          command: `kf create-user-provided-service ${name} -p '{"uri":"URI"}'`,
        },
      ],
    });
  const params = parseParams(context.cwd, '-c', flags.parameters);
  let kind: string;
  try {
    kind = 'path' in readVolumeParams(params) ? 'path' : 'capacity';
  } catch (error) {
    throw new CliError(`-c: ${errorMessage(error)}`);
  }
  if (plan !== undefined && plan !== kind) throw new CliError(`volume has the plans path and capacity, not ${plan}`);
  const tags = parseTags(flags.tags);
  const wanted = {
    spec: { volume: { className: 'volume', planName: kind }, ...(tags.length === 0 ? {} : { tags }) },
    params,
    isAsync: flags.async === true,
    onRefused: async (): Promise<void> => {
      const { client, space } = await context.session();
      await client.delete(ServiceInstance, { namespace: space, name }, { propagationPolicy: 'Foreground' });
    },
  };
  await createService(context, name, wanted);
  if (!flags.async) await noteVolumeWarning(context, name);
}

/** Prints the server's warning about the volume, which can be used all the same. */
async function noteVolumeWarning(context: Context, name: string): Promise<void> {
  const { client, space } = await context.session();
  const { status } = await client.get(ServiceInstance, { namespace: space, name });
  if (status?.volumeStatus?.warning !== undefined) context.io.note(`WARN ${status.volumeStatus.warning}`);
}
