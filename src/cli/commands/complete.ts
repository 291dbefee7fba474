import { defineCommand } from '../command.ts';

/** Called by the scripts at every Tab. */
export const complete = defineCommand({
  usage: 'complete {line LINE BREAKS | words WORD...}',
  group: 'Other commands:',
  summary: 'Say what may stand at the end of a command line',
  examples: ['kf complete words -- run-task ""'],
  hidden: true,
  args: [1, Number.POSITIVE_INFINITY],
  async run(context, args) {
    const { completeAction } = await import('../completion/action.ts');
    await completeAction(context, args);
  },
});
