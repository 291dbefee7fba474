/** Pushes one App: placeholder, upload, build request, build, result. Source that has not changed is left alone. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf } from '../../resources/condition.ts';
import { App } from '../../resources/kf/app.ts';
import { imageMissing } from '../../resources/kf/build.ts';
import { Space } from '../../resources/kf/space.ts';
import { isAlreadyExists, isConflict } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { checkFits } from '../fits.ts';
import { paint } from '../io.ts';
import { formatDescription } from '../output/describe.ts';
import { formatTips, quote } from '../output/tips.ts';
import { listStacks } from '../stacks.ts';
import { tipFlags } from '../tip-flags.ts';
import {
  buildInputOf,
  buildNameOf,
  buildState,
  containerOf,
  isSame,
  startCommandOf,
  withBuild,
  withSettings,
} from './app-spec.ts';
import { bindServices, planBindings } from './bind-services.ts';
import { packSource, reportSource } from './package-source.ts';
import { type AppPlan, hostStack } from './plan.ts';
import { uploadSource } from './upload-source.ts';
import { pushTimeout, watchBuild } from './watch-build.ts';

export async function pushApp(context: Context, session: Session, plan: AppPlan): Promise<void> {
  const { io } = context;
  const began = context.clock.now();
  pushTimeout(context.env);
  io.note(`Checking for existing App named "${plan.name}"...`);
  const packing = packSource(plan.folder);
  // Its failure is reported when it is awaited below, after what matters more.
  packing.catch(() => undefined);
  const [found, space, stacks] = await Promise.all([
    getIfExists(session.client, App, { namespace: session.space, name: plan.name }),
    getIfExists(session.client, Space, { name: session.space }),
    listStacks(session.client),
  ]);
  if (found?.metadata.deletionTimestamp !== undefined)
    throw new CliError(`App "${plan.name}" is being deleted; push again when it is gone`);
  requireTask(context, plan, found);
  if (plan.memory !== undefined) await checkFits(session, { memory: plan.memory }, `App "${plan.name}": `);
  const bindings = await planBindings(session, plan);
  const source = await packing;
  reportSource(io, source);
  const app = found ?? (await createPlaceholder(context, session, plan));
  if (found !== undefined) io.note(`App "${plan.name}" exists, it will be updated.`);
  sayKeptStart(context, plan, found);
  sayImageMissing(context, found);
  await bindServices(context, session, app, bindings);

  const buildInput = buildInputOf(source.sha256, space?.spec?.buildConfig?.env);
  const fingerprint = stacks.find(({ name }) => name === hostStack)?.fingerprint;
  const state = buildState(app, buildInput, fingerprint);
  const uploaded = state === 'stale' ? await uploadSource(context, session.client, app, source) : undefined;
  const updated = await update(session, app, (latest) => {
    const wanted = withSettings(latest, plan);
    return uploaded === undefined ? wanted : withBuild(wanted, uploaded.number, uploaded.name, buildInput);
  });
  if (state === 'built')
    io.note(
      `[source upload] The source has not changed since Build ${buildNameOf(updated)}: nothing is uploaded or built.`,
    );
  if (state === 'building') io.note('[source upload] The source has not changed since the build that is running.');
  const built = state === 'built' ? updated : await watchBuild(context, updated);
  checkBuild(context, built);
  await io.out(
    `${paint(io, 'green', '[deploy]')} Total push time ${((context.clock.now() - began) / 1000).toFixed(2)} seconds\n`,
  );
  await report(context, session.space, built);
}

/** @throws CliError unless this is to be, or is, an App that runs tasks only; nothing has been made yet */
function requireTask(context: Context, plan: AppPlan, found: App | undefined): void {
  if (plan.task) return;
  if (found?.spec.instances?.stopped) {
    context.io.note(`App "${plan.name}" runs tasks only: --task is implied.`);
    return;
  }
  throw new CliError(
    `${found === undefined ? `App "${plan.name}" does not exist, and ` : ''}Apps that run all the time are not supported, only Apps that run tasks`,
    { tips: [{ description: 'Push it for tasks', command: withTaskFlag(context.argv, plan.name) }] },
  );
}

/** The command as it was typed, with --task. */
function withTaskFlag(argv: readonly string[], name: string): string {
  const words = argv.map(quote);
  const at = argv.indexOf(name, argv.indexOf('push') + 1);
  const before = at < 0 ? argv.indexOf('push') + 1 : at + 1;
  return ['kf', ...words.slice(0, before), '--task', ...words.slice(before)].join(' ');
}

async function createPlaceholder({ io }: Context, { client, space }: Session, plan: AppPlan): Promise<App> {
  io.note(`App "${plan.name}" doesn't exist, creating placeholder...`);
  const draft = {
    metadata: { name: plan.name, namespace: space, ...meta(plan) },
    spec: {
      build: {},
      template: { spec: { containers: [containerOf(undefined, plan)] } },
      instances: { stopped: true, replicas: 1 },
    },
  };
  try {
    const app = await client.create(App, draft);
    io.note('Placeholder App created.');
    return app;
  } catch (error) {
    if (isAlreadyExists(error)) return client.get(App, { namespace: space, name: plan.name });
    throw error;
  }
}

const meta = ({ labels, annotations }: AppPlan) => ({
  ...(labels === undefined ? {} : { labels }),
  ...(annotations === undefined ? {} : { annotations }),
});

function sayKeptStart({ io }: Context, plan: AppPlan, found: App | undefined): void {
  const container = found?.spec.template.spec.containers[0];
  const isGiven = plan.command !== undefined || plan.args !== undefined || plan.entrypoint !== undefined;
  if (found === undefined || isGiven || !(container?.args?.length || container?.command?.length)) return;
  io.note(`The start command of an earlier push stays: ${startCommandOf(found)} (-c null gives it up)`);
}

function sayImageMissing({ io }: Context, found: App | undefined): void {
  const build = found === undefined ? undefined : conditionOf(found, 'BuildReady');
  if (build?.status === 'False' && build.reason === imageMissing)
    io.note(`The image of App "${found!.metadata.name}" is not on the server's machine any more: it is built again.`);
}

/** Writes the change onto the latest App; tries again when someone else was faster. */
async function update({ client }: Session, app: App, change: (latest: App) => App): Promise<App> {
  let latest = app;
  for (let attempt = 1; ; attempt++) {
    const wanted = change(latest);
    if (isSame(latest, wanted)) return latest;
    try {
      return await client.update(App, wanted);
    } catch (error) {
      if (!isConflict(error) || attempt >= 10) throw error;
      latest = await client.get(App, { namespace: app.metadata.namespace!, name: app.metadata.name });
    }
  }
}

/** @throws CliError when the build failed */
function checkBuild(context: Context, app: App): void {
  const { io } = context;
  const condition = conditionOf(app, 'BuildReady');
  if (condition?.status !== 'False') return;
  const message = condition.message ?? condition.reason ?? '';
  io.note(`[deploy] Failed to build: ${message}`);
  if (app.status?.image !== undefined)
    io.note(
      `The last good image${app.status.latestReadyBuild ? ` (Build ${app.status.latestReadyBuild})` : ''} stays in use.`,
    );
  throw new CliError(`build failed: ${message}`, {
    tips: [
      {
        description: 'See the build log',
        command: `kf build-logs ${buildNameOf(app)}${tipFlags(context.flags, app.metadata.namespace!)}`,
      },
    ],
  });
}

async function report(context: Context, space: string, app: App): Promise<void> {
  const { io } = context;
  const { name } = app.metadata;
  io.note('Successfully deployed without starting');
  await io.out(
    formatDescription([
      ['Name', name],
      ['Space', space],
      ['Routes', ''],
      ['Instances', 'stopped'],
      ['Start command', startCommandOf(app) ?? '<none>'],
    ]),
  );
  const flags = tipFlags(context.flags, space);
  const command = startCommandOf(app) === undefined ? ' -c COMMAND' : '';
  const tips = [
    { description: 'Run a Task', command: `kf run-task ${name}${command} --follow${flags}` },
    { description: "List App's Tasks", command: `kf tasks ${name}${flags}` },
  ];
  for (const line of formatTips(tips)) io.note(line);
  io.note('');
  io.note('Built on the stack "host", this machine\'s own system: a cluster wants a portable stack or a Dockerfile.');
}
