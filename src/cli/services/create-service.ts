/** `kf create-user-provided-service` and what all ways to create a service share. */

import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { generateName, isDns1035Label } from '../../resources/names.ts';
import { alreadyExists, isInvalid } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { CliError } from '../errors.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { tipFlags } from '../tip-flags.ts';
import { awaitService, ServiceRefused } from './await-ready.ts';
import { type Params, parseParams, parseTags } from './params.ts';
import { createParamsSecret } from './params-secret.ts';

export interface UserProvidedFlags {
  readonly parameters?: string;
  readonly params?: string;
  readonly tags?: string;
  readonly mockClass?: string;
  readonly mockPlan?: string;
  readonly route?: string;
  readonly syslogDrain?: string;
  readonly async?: boolean;
}

export async function createUserProvided(context: Context, name: string, flags: UserProvidedFlags): Promise<void> {
  if (flags.syslogDrain !== undefined) throw new CliError("-l: Kf doesn't currently support syslog drains");
  if (flags.route !== undefined) throw new CliError('-r: route services are not supported: Apps here have no routes');
  const params = parseParams(context.cwd, '-p', flags.parameters ?? flags.params);
  const tags = parseTags(flags.tags);
  const { mockClass, mockPlan } = flags;
  await createService(context, name, {
    spec: {
      userProvided: {
        ...(mockClass === undefined ? {} : { mockClassName: mockClass }),
        ...(mockPlan === undefined ? {} : { mockPlanName: mockPlan }),
      },
      ...(tags.length === 0 ? {} : { tags }),
    },
    params,
    isAsync: flags.async === true,
  });
}

interface Wanted {
  readonly spec: Omit<ServiceInstance['spec'], 'parametersFrom'>;
  readonly params: Params;
  readonly isAsync: boolean;
  /** Takes back what was made of a service that cannot be. */
  readonly onRefused?: () => Promise<void>;
}

/** @throws CliError; a service that was refused is gone again */
export async function createService(context: Context, name: string, wanted: Wanted): Promise<Session> {
  if (!isDns1035Label(name))
    throw new CliError(
      `${JSON.stringify(name)} is not a valid name: lower-case letters, digits and dashes, starting with a letter, at most 63 long`,
    );
  const session = await context.changing();
  const { space } = session;
  await requireSpace(session);
  const secretName = generateName('serviceinstance', name, 'params');
  const { object: service, isOurs } = await createOnce(context, ServiceInstance, {
    metadata: { namespace: space, name },
    spec: { ...wanted.spec, parametersFrom: { name: secretName } },
  }).catch((error) => {
    throw isInvalid(error) ? new CliError(error.message) : error;
  });
  if (!isOurs)
    throw new CliError(alreadyExists(ServiceInstance, name).message, {
      tips: [{ description: 'Show it', command: `kf service ${name}${tipFlags(context.flags, space)}` }],
    });
  await context.io.out(`Creating service instance "${name}" in Space "${space}"\n`);
  const secret = await createParamsSecret(context, service, secretName, wanted.params);
  if (wanted.isAsync) {
    context.io.note('Waiting for service instance to become ready asynchronously');
    return session;
  }
  try {
    await awaitService(context, { namespace: space, name }, secret.metadata.resourceVersion ?? '', {
      text: 'Waiting for service instance to become ready...',
    });
  } catch (error) {
    if (error instanceof ServiceRefused) await wanted.onRefused?.();
    throw error;
  }
  context.io.note('Success');
  return session;
}
