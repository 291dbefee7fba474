/** Pushes one App: placeholder, upload, build request, build, result. Source that has not changed is left alone. */

import { getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf } from '../../resources/condition.ts';
import { App, buildName } from '../../resources/kf/app.ts';
import { buildParams, hostStackBuilder, imageMissing } from '../../resources/kf/build.ts';
import { Space } from '../../resources/kf/space.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import { listStacks, type Stack } from '../builds/stacks.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { paint } from '../io.ts';
import { quote } from '../output/tips.ts';
import { checkFits } from '../tasks/fits.ts';
import { buildInputOf, buildState, containerOf, startCommandOf, withBuild, withSettings } from './app-spec.ts';
import { bindServices, planBindings, type WantedBinding } from './bind-services.ts';
import { type BuildRecipe, hostStack } from './build-type.ts';
import { loginOf, requestImage, requireOwnImage } from './given-image.ts';
import { openImage } from './image-source.ts';
import { packSource, packTree, reportSource, type SourcePackageContent } from './package-source.ts';
import type { AppPlan } from './plan.ts';
import type { RegistryLogin } from './registry-secret.ts';
import { requireDockerfile } from './require-dockerfile.ts';
import { checkBuild, report } from './result.ts';
import { updateApp } from './update-app.ts';
import { uploadSource } from './upload-source.ts';
import { pushTimeout, watchBuild } from './watch-build.ts';

/** All that a push needs to know and have before it changes anything. */
export interface PreparedPush {
  readonly plan: AppPlan;
  readonly found: App | undefined;
  readonly space: Space | undefined;
  readonly stacks: readonly Stack[];
  readonly bindings: readonly WantedBinding[];
  /** What is uploaded; nothing for an image of a registry. */
  readonly source: SourcePackageContent | undefined;
  /** How the source becomes an image. */
  readonly recipe: BuildRecipe;
  readonly login: RegistryLogin | undefined;
}

/** Reads and checks; makes nothing. @throws CliError */
export async function preparePush(context: Context, session: Session, plan: AppPlan): Promise<PreparedPush> {
  const { io } = context;
  pushTimeout(context.env);
  io.note(`Checking for existing App named "${plan.name}"...`);
  const login = loginOf(context.env, plan);
  const packing = packPlan(context, plan);
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
  await requireOwnImage(session, plan);
  const { memory, disk } = plan;
  if (memory !== undefined || disk !== undefined) await checkFits(session, { memory, disk }, `App "${plan.name}": `);
  const bindings = await planBindings(session, plan);
  const { source, recipe } = await packing;
  if (source !== undefined) reportSource(io, source, plan.image !== undefined);
  return { plan, found, space, stacks, bindings, source, recipe, login };
}

async function packPlan(
  context: Context,
  { folder, build, image }: AppPlan,
): Promise<Pick<PreparedPush, 'source' | 'recipe'>> {
  if (image === undefined) {
    const source = await packSource(folder, context);
    try {
      requireDockerfile(build, source.tree);
    } catch (error) {
      source.tree.close();
      throw error;
    }
    return { source, recipe: build };
  }
  if (image.kind === 'registry') return { source: undefined, recipe: build };
  const { tree, form } = await openImage(image);
  const recipe = { ...build, params: [{ name: buildParams.image, value: form }] };
  return { source: await packTree(tree, context), recipe };
}

/** @param onBuilt called once there is nothing left to do but to tell of it */
export async function performPush(
  context: Context,
  session: Session,
  prepared: PreparedPush,
  onBuilt: () => void,
): Promise<void> {
  const { io } = context;
  const { plan, found, bindings, source } = prepared;
  const began = context.clock.now();
  const app = found ?? (await createPlaceholder(context, session, plan));
  if (found !== undefined) io.note(`App "${plan.name}" exists, it will be updated.`);
  noteKeptStartCommand(context, plan, found);
  noteMissingImage(context, found);
  await bindServices(context, session, app, bindings);

  const built =
    source === undefined
      ? await watchBuild(context, await requestImage(session, app, prepared))
      : await requestBuild(context, session, app, { ...prepared, source });
  checkBuild(context, built);
  onBuilt();
  await io.out(
    `${paint(io, 'green', '[deploy]')} Total push time ${((context.clock.now() - began) / 1000).toFixed(2)} seconds\n`,
  );
  await report(context, session.space, built);
}

async function requestBuild(
  context: Context,
  session: Session,
  app: App,
  { plan, space, stacks, source, recipe }: PreparedPush & { readonly source: SourcePackageContent },
): Promise<App> {
  const { io } = context;
  const buildInput = buildInputOf(source.sha256, recipe, space?.spec?.buildConfig?.env);
  const onHost = recipe.name === hostStackBuilder;
  const fingerprint = onHost ? stacks.find(({ name }) => name === hostStack)?.fingerprint : undefined;
  const state = buildState(app, buildInput, fingerprint);
  const uploaded = state === 'stale' ? await uploadSource(context, session.client, app, source) : undefined;
  // The server may have come back at another port.
  const client = await context.client();
  const updated = await updateApp({ ...session, client }, app, (latest) => {
    const wanted = withSettings(latest, plan);
    return uploaded === undefined
      ? wanted
      : withBuild(wanted, { recipe, number: uploaded.number, sourcePackage: uploaded.name, buildInput });
  });
  if (state === 'built')
    io.note(
      `[source upload] The source has not changed since Build ${buildName(updated)}: nothing is uploaded or built.`,
    );
  if (state === 'building') io.note('[source upload] The source has not changed since the build that is running.');
  return state === 'built' ? updated : watchBuild(context, updated);
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

function noteKeptStartCommand({ io }: Context, plan: AppPlan, found: App | undefined): void {
  const container = found?.spec.template.spec.containers[0];
  const isGiven = plan.command !== undefined || plan.args !== undefined || plan.entrypoint !== undefined;
  if (found === undefined || isGiven || !(container?.args?.length || container?.command?.length)) return;
  io.note(`The start command of an earlier push stays: ${startCommandOf(found)} (-c null gives it up)`);
}

function noteMissingImage({ io }: Context, found: App | undefined): void {
  const build = found === undefined ? undefined : conditionOf(found, 'BuildReady');
  if (build?.status === 'False' && build.reason === imageMissing)
    io.note(`The image of App "${found!.metadata.name}" is not on the server's machine any more: it is built again.`);
}
