/** `kf env`, `set-env`, `unset-env`: the environment of an App's Tasks. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { Secret } from '../../resources/core/kinds.ts';
import type { EnvVar } from '../../resources/core/pod.ts';
import { errorMessage } from '../../resources/errors.ts';
import { App } from '../../resources/kf/app.ts';
import { childName } from '../../resources/names.ts';
import { isConflict } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { variableName } from '../flags.ts';
import { formatDescription } from '../output/describe.ts';
import { formatValue, type OutputFormat } from '../output/objects.ts';
import { mergeEnv } from '../push/app-spec.ts';
import { hidden, shown } from '../secrets.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { getApp } from './find-app.ts';

/** Set for every Task by the system; their values are known when it starts. */
const resolvedAtRuntime = [
  'CF_INSTANCE_ADDR',
  'CF_INSTANCE_GUID',
  'CF_INSTANCE_INTERNAL_IP',
  'CF_INSTANCE_IP',
  'CF_INSTANCE_PORT',
  'DISK_LIMIT',
  'INSTANCE_GUID',
  'KF_TASK_ATTEMPT',
  'KF_TASK_ID',
  'KF_TASK_NAME',
  'MEMORY_LIMIT',
  'MEMORY_LIMIT_IN_MB',
  'VCAP_APPLICATION',
  'VCAP_APP_HOST',
];

type Values = Readonly<Record<string, string>>;

export async function printEnv(
  context: Context,
  name: string,
  { output, show }: { readonly output?: OutputFormat; readonly show: boolean },
): Promise<void> {
  context.dataOnly = output !== undefined;
  const session = await context.session();
  const app = await getApp(session, name);
  const space = await requireSpace(session);
  const sections: Readonly<Record<string, Values>> = {
    'Space-Provided': valuesOf(space.spec?.runtimeConfig?.env ?? [], show),
    'User-Provided': valuesOf(app.spec.template.spec.containers[0]?.env ?? [], show),
    'System-Provided': await systemValues(session, app, show),
  };
  if (output === 'name')
    return context.io.out(
      Object.values(sections)
        .flatMap((values) => Object.keys(values).map((key) => `${key}\n`))
        .join(''),
    );
  if (output !== undefined) return context.io.out(await formatValue(output, sections));
  context.io.note(`Getting environment of App ${name} in Space: ${session.space}`);
  for (const [title, values] of Object.entries(sections)) {
    const lines = Object.entries(values).map(([key, value]) => [key, value === '' ? '<empty>' : value] as const);
    await context.io.out(`${title}:${lines.length === 0 ? ' <empty>' : ''}\n${formatDescription(lines, '  ')}`);
  }
}

const valuesOf = (variables: readonly EnvVar[], show: boolean): Values =>
  Object.fromEntries(
    variables.map(({ name, value = '', valueFrom }) => [
      name,
      valueFrom === undefined ? shown(name, value, show) : '[Resolved at runtime]',
    ]),
  );

async function systemValues({ client, space }: Session, app: App, show: boolean): Promise<Values> {
  const fixed = Object.fromEntries(resolvedAtRuntime.map((name) => [name, '[Resolved at runtime]']));
  const ref = { namespace: space, name: childName('kf-injected-envs-', app.metadata.name) };
  // Service credentials: not even read unless they are asked for.
  if (!show) return { ...fixed, VCAP_SERVICES: hidden };
  const secret = await getIfExists(client, Secret, ref);
  const injected = Object.entries(secret?.data ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value, 'base64').toString(),
  ]);
  return { ...fixed, ...Object.fromEntries(injected) };
}

export async function setVariable(context: Context, app: string, name: string, value: string): Promise<void> {
  checkName(name);
  const session = await context.changing();
  context.io.note(`Setting environment variable on App "${app}" in Space "${session.space}"`);
  await changeEnv(session, app, 'failed to set environment variable on App: ', (env) =>
    mergeEnv(env, [{ name, value }]),
  );
}

export async function unsetVariable(context: Context, app: string, name: string): Promise<void> {
  checkName(name);
  const session = await context.changing();
  context.io.note(`Unsetting environment variable on App "${app}" in Space "${session.space}"`);
  await changeEnv(session, app, 'failed to unset environment variable on App: ', (env) =>
    env.filter((variable) => variable.name !== name),
  );
}

function checkName(name: string): void {
  try {
    variableName(name);
  } catch (error) {
    throw new CliError(errorMessage(error));
  }
}

/** Reads, changes, writes; again when someone else was faster. */
async function changeEnv(
  session: Session,
  name: string,
  prefix: string,
  change: (env: readonly EnvVar[]) => readonly EnvVar[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const app = await getApp(session, name, prefix);
    const { template } = app.spec;
    const [container, ...rest] = template.spec.containers;
    const containers = [{ ...container!, env: change(container?.env ?? []) }, ...rest];
    const updateRequests = (template.updateRequests ?? 0) + 1;
    try {
      await session.client.update(App, {
        ...app,
        spec: { ...app.spec, template: { spec: { containers }, updateRequests } },
      });
      return;
    } catch (error) {
      if (!isConflict(error) || attempt >= 10) throw error;
    }
  }
}
