import { Option } from 'commander';
import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';

const group = 'Environment Variables:';

/** Flags of Kf that wait for running instances; here there are none. */
const waitFlags = (): readonly Option[] => [
  new Option('--async').hideHelp(),
  new Option('--no-short-circuit-wait').hideHelp(),
];

export const env = defineCommand<OutputFlag & { readonly show?: boolean }>({
  usage: 'env APP_NAME',
  group,
  summary: "Show the environment of an App's Tasks: the Space's, the user's, the system's",
  examples: ['kf env report', 'kf env report --show', 'kf env report -o json'],
  args: 1,
  flags: (command) => outputFlag(command).option('--show', 'print values that may be secret, too'),
  async run(context, [name], { output, show }) {
    const { printEnv } = await import('../apps/env.ts');
    await printEnv(context, name!, { output, show: show === true });
  },
});

export const setEnv = defineCommand({
  usage: 'set-env APP_NAME NAME VALUE',
  group,
  summary: 'Set an environment variable of an App, for Tasks that start from now on',
  examples: ['kf set-env report REGION eu', "kf set-env report QUERY 'select 1'"],
  args: 3,
  flags: (command) => {
    for (const option of waitFlags()) command.addOption(option);
  },
  async run(context, [app, name, value]) {
    const { setVariable } = await import('../apps/env.ts');
    await setVariable(context, app!, name!, value!);
  },
});

export const unsetEnv = defineCommand({
  usage: 'unset-env APP_NAME NAME',
  group,
  summary: 'Remove an environment variable of an App',
  examples: ['kf unset-env report REGION'],
  args: 2,
  flags: (command) => {
    for (const option of waitFlags()) command.addOption(option);
  },
  async run(context, [app, name]) {
    const { unsetVariable } = await import('../apps/env.ts');
    await unsetVariable(context, app!, name!);
  },
});
