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
    hidden: true,
    summary,
    examples: [command],
    args: [0, 100],
    flags: (command) => command.allowUnknownOption(),
    async run() {
      throw new CliError(`kf ${name} is not needed: ${instead}`, { tips: [{ description: 'Instead', command }] });
    },
  });

const login = 'the embedded server takes who may read its kubeconfig, a cluster takes your kubeconfig’s credentials';

const taskApps = 'Apps run tasks only; nothing of them goes on running, or is reached by requests';
const runTask = 'kf run-task APP_NAME';

/** Commands of Kf and Cloud Foundry for what is not here. Hidden; typing one says why. */
const notHere: Readonly<Record<string, readonly [reason: string, instead: string]>> = {
  ...Object.fromEntries(
    ['start', 'restart', 'scale', 'routes', 'create-route', 'delete-route', 'map-route', 'unmap-route', 'domains'].map(
      (name) => [name, [taskApps, runTask]],
    ),
  ),
  stop: [taskApps, 'kf terminate-task APP_NAME TASK_ID'],
  ssh: ['a Task cannot be entered while it runs', "kf run-task APP_NAME -c 'LINE' --follow"],
  buildpacks: ['images are built on stacks', 'kf stacks'],
  'create-service-broker': ['there are no service brokers', 'kf marketplace'],
  'delete-service-broker': ['there are no service brokers', 'kf marketplace'],
  events: ['what happened stands with each Task and Job', 'kf tasks APP_NAME'],
};

export const notSupported: readonly CommandFile[] = Object.entries(notHere).map(([name, [reason, command]]) =>
  defineCommand({
    usage: `${name} [ARGS...]`,
    group: 'Other commands:',
    hidden: true,
    summary: 'Not here; says what to do instead',
    examples: [command],
    args: [0, 100],
    flags: (command) => command.allowUnknownOption(),
    async run() {
      throw new CliError(`kf ${name} is not here: ${reason}`, { tips: [{ description: 'Instead', command }] });
    },
  }),
);

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
