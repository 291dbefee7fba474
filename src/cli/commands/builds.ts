import { Option } from 'commander';
import { Build } from '../../resources/kf/build.ts';
import { labels } from '../../resources/labels.ts';
import { getApp } from '../apps/find-app.ts';
import { checked, defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import { objectName } from '../flags.ts';
import { printList } from '../output/listing.ts';
import { requireSpace } from '../spaces/find-space.ts';

const group = 'Builds:';

export const builds = defineCommand<OutputFlag & { readonly app?: string }>({
  usage: 'builds',
  group,
  summary: 'List the Builds of the Space, or of one App',
  examples: ['kf builds', 'kf builds --app report'],
  flags: (command) => outputFlag(command.option('--app <NAME>', 'of this App only', checked(objectName))),
  async run(context, _, { app, output }) {
    const session = await context.session();
    await printList(context, session.client, {
      kind: Build,
      options: {
        namespace: session.space,
        ...(app === undefined ? {} : { labelSelector: `${labels.appName}=${app}` }),
      },
      ...(output === undefined ? {} : { output }),
      title: `Listing Builds in Space: ${session.space}`,
      compareRows: (a, b) => compare(a.metadata, b.metadata),
      compareObjects: (a, b) => compare(a.metadata, b.metadata),
      whenEmpty: () => (app === undefined ? requireSpace(session) : getApp(session, app)),
    });
  },
});

interface Dated {
  readonly name: string;
  readonly creationTimestamp?: string;
}

/** Newest last; `app-10` after `app-9`. */
const compare = (a: Dated, b: Dated): number =>
  (a.creationTimestamp ?? '').localeCompare(b.creationTimestamp ?? '') ||
  a.name.localeCompare(b.name, 'en', { numeric: true });

export const build = defineCommand<OutputFlag>({
  usage: 'build BUILD_NAME',
  group,
  summary: 'Show everything about one Build',
  examples: ['kf build report-2', 'kf build report-2 -o json'],
  args: 1,
  flags: outputFlag,
  async run(context, [name], { output }) {
    const { describeBuild } = await import('../builds/describe-build.ts');
    await describeBuild(context, name!, output);
  },
});

export const buildLogs = defineCommand<{ readonly recent?: boolean }>({
  usage: 'build-logs {BUILD_NAME | APP_NAME}',
  group,
  summary: 'Show the log of a Build, or of the newest one of an App, and follow it to its end',
  examples: ['kf build-logs report-2', 'kf build-logs report', 'kf build-logs report-2 --recent'],
  args: 1,
  flags: (command) =>
    command
      .option('-f, --follow', 'follow the log to its end; it does anyway')
      .addOption(new Option('--recent', 'print what is there, without following').conflicts('follow')),
  async run(context, [name], { recent }) {
    const { printBuildLog } = await import('../logs/build-log.ts');
    await printBuildLog(context, name!, { recent });
  },
});

export const terminateBuildCommand = defineCommand({
  usage: 'terminate-build BUILD_NAME',
  group,
  summary: 'End a Build: its processes get SIGTERM, then SIGKILL; the last good image of the App stays in use',
  examples: ['kf terminate-build report-2'],
  args: 1,
  async run(context, [name]) {
    const { terminateBuild } = await import('../builds/terminate-build.ts');
    await terminateBuild(context, name!);
  },
});
