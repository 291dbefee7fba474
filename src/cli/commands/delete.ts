import { type Command, Option } from 'commander';
import { isFinal } from '../../resources/condition.ts';
import { App } from '../../resources/kf/app.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { getApp } from '../apps/find-app.ts';
import { defineCommand } from '../command.ts';
import { count, type DeleteFlags, deleteAndWait } from '../delete-object.ts';
import { jobsOf } from '../jobs/find-job.ts';

export const deleteFlags = (command: Command): Command =>
  command
    .option('--async', 'do not wait until it is gone')
    // Kf polls; here the deletion is watched.
    .addOption(new Option('--retries <N>').hideHelp())
    .addOption(new Option('--retry-delay <DURATION>').hideHelp());

export const deleteApp = defineCommand<DeleteFlags>({
  usage: 'delete APP_NAME',
  aliases: ['d'],
  group: 'App Management:',
  summary: 'Delete an App with its Builds, Jobs, Tasks and their logs',
  examples: ['kf delete report', 'kf delete report --async'],
  args: 1,
  flags: deleteFlags,
  async run(context, [name], flags) {
    const session = await context.changing();
    const { client, space } = session;
    await getApp(session, name!);
    const { items } = await client.list(Task, { namespace: space, labelSelector: `${labels.appName}=${name}` });
    const running = items.filter((task) => !isFinal(task)).length;
    context.io.note(`Deleting App "${name}" in Space "${space}"`);
    const jobs = (await jobsOf(session, name!)).length;
    if (items.length + jobs > 0)
      context.io.note(
        `${jobs === 0 ? '' : `${count(jobs, 'Job')} and `}${count(items.length, 'Task')} of it, ${running} unfinished, and their logs go with it.`,
      );
    await deleteAndWait(context, session, { kind: App, ref: { namespace: space, name: name! }, ...flags });
  },
});
