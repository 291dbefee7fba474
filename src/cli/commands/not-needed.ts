import { type CommandFile, defineCommand } from '../command.ts';
import { CliError } from '../errors.ts';

/** Commands of Cloud Foundry's client that Kf's way of logging in makes needless. */
const stub = (
  name: string,
  aliases: readonly string[],
  summary: string,
  instead: string,
  command: string,
): CommandFile =>
  defineCommand({
    usage: `${name} [ARGS...]`,
    aliases,
    group: 'Other commands:',
    summary,
    examples: [command],
    args: [0, 100],
    async run() {
      throw new CliError(`kf ${name} is not needed: ${instead}`, { tips: [{ description: 'Instead', command }] });
    },
  });

const login = 'the embedded server takes who may read its kubeconfig, a cluster takes your kubeconfig’s credentials';

export const notNeeded: readonly CommandFile[] = [
  stub('login', ['l'], 'Not needed; says what to do instead', login, 'kf target --context NAME'),
  stub(
    'api',
    [],
    'Not needed; says what to do instead',
    'the server is chosen by kf target',
    'kf target --context NAME',
  ),
  stub('auth', [], 'Not needed; says what to do instead', login, 'kf target --context NAME'),
  stub(
    'logout',
    [],
    'Not needed; says what to do instead',
    'nothing is logged in; kf target chooses another server',
    'kf target --embedded',
  ),
];
