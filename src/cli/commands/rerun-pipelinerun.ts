import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import { type WaitFlags, waitFlags } from '../tasks/task-flags.ts';

export const rerunPipelineRun = defineCommand<WaitFlags & OutputFlag>({
  usage: 'rerun-pipelinerun PIPELINERUN_NAME',
  group: 'Tasks:',
  summary: 'Run a PipelineRun that has failed again, from its failed tasks',
  details:
    'A new PipelineRun is made with the same Pipeline, params and volumes. Tasks that have succeeded are not run again: their results are taken over; status.reusedTasks has them. What comes after a task that is run again is run again, too, and so are the finally tasks. With --wait and --follow the exit code is 0 for success and 1 for failure.',
  examples: ['kf rerun-pipelinerun release-7', 'kf rerun-pipelinerun release-7 --follow'],
  args: 1,
  flags: (command) => {
    outputFlag(waitFlags(command));
  },
  async run(context, [name], flags) {
    const { rerunPipelineRunAction } = await import('../pipeline-runs/rerun.ts');
    await rerunPipelineRunAction(context, name!, flags);
  },
});
