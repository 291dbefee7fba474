import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';

export const task = defineCommand<OutputFlag>({
  usage: 'task {TASK_NAME | APP_NAME TASK_ID}',
  group: 'Tasks:',
  summary: 'Show everything about one Task: state, exit code, times, limits, usage',
  examples: ['kf task report 3', 'kf task report-x7k2p -o yaml'],
  args: [1, 2],
  flags: outputFlag,
  async run(context, args, { output }) {
    const { describeTask } = await import('../tasks/describe-task.ts');
    await describeTask(context, args, output);
  },
});
