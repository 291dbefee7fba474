/** What the tests of Jobs share: `kf` against a server that also runs schedules. */

import { systemClock } from '../../../src/client/clock.ts';
import { startTaskScheduleController } from '../../../src/controllers/task-schedule/task-schedule-controller.ts';
import { Space } from '../../../src/resources/kf/space.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';
import { labels } from '../../../src/resources/labels.ts';
import { TestCli } from '../support.ts';

export class JobsCli {
  private constructor(
    readonly cli: TestCli,
    readonly close: () => Promise<void>,
  ) {}

  /** With an App `report`. */
  static async start(): Promise<JobsCli> {
    const cli = await TestCli.start();
    const scheduler = startTaskScheduleController({ client: cli.server.client, clock: systemClock });
    await cli.world.app('report');
    return new JobsCli(cli, async () => {
      await scheduler.stop();
      await cli.close();
    });
  }

  /** A Job of `report`, not waited for. */
  create(name: string, command: string, ...flags: readonly string[]) {
    return this.cli.ok('create-job', 'report', name, command, '--async', ...flags);
  }

  async jobs() {
    return (await this.cli.server.client.list(TaskSchedule, { namespace: 'dev' })).items;
  }

  job(name: string) {
    return this.cli.server.client.get(TaskSchedule, { namespace: 'dev', name });
  }

  /** Takes back what was configured. */
  resetSpace() {
    return this.cli.server.client.patch(
      Space,
      { name: 'dev' },
      { type: 'merge', body: { spec: { taskConfig: null } } },
    );
  }

  async spec(name: string) {
    return (await this.job(name)).spec;
  }

  async tasks(job: string) {
    const labelSelector = `${labels.jobOwner}=${job}`;
    return (await this.cli.server.client.list(Task, { namespace: 'dev', labelSelector })).items;
  }
}

/** A printed table's cells, by column. */
export const rows = (table: string): readonly Readonly<Record<string, string>>[] => {
  const [header = '', ...lines] = table.trimEnd().split('\n');
  const starts = [...header.matchAll(/\S+( \S+)*/g)].map((match) => ({ name: match[0], at: match.index }));
  return lines.map((line) =>
    Object.fromEntries(starts.map(({ name, at }, index) => [name, line.slice(at, starts[index + 1]?.at).trim()])),
  );
};
