import { Option } from 'commander';
import { ServiceInstance } from '../../resources/kf/service-instance.ts';
import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import type { DeleteFlags } from '../delete-object.ts';
import { printList } from '../output/listing.ts';
import type { UserProvidedFlags } from '../services/create-service.ts';
import type { CreateServiceFlags } from '../services/create-volume.ts';
import type { UpdateFlags } from '../services/update-service.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { deleteFlags } from './delete.ts';

const group = 'Services:';

const credentials = 'credentials: a JSON object, or a file that holds one (/dev/stdin too)';

export const services = defineCommand<OutputFlag>({
  usage: 'services',
  aliases: ['s'],
  group,
  summary: 'List the services of the Space',
  examples: ['kf services', 'kf services -o json'],
  flags: outputFlag,
  async run(context, _, { output }) {
    const { client, space } = await context.session();
    await printList(context, client, {
      kind: ServiceInstance,
      options: { namespace: space },
      ...(output === undefined ? {} : { output }),
      title: `Listing services in Space: ${space}`,
      whenEmpty: () => requireSpace({ client, space }),
    });
  },
});

export const service = defineCommand<OutputFlag & { readonly show?: boolean }>({
  usage: 'service SERVICE_NAME',
  group,
  summary: 'Show everything about one service: type, state, the Apps that are bound to it',
  examples: ['kf service db', 'kf service db --show', 'kf service db -o yaml'],
  args: 1,
  flags: (command) => outputFlag(command).option('--show', 'print the credentials, too'),
  async run(context, [name], flags) {
    const { describeService } = await import('../services/describe-service.ts');
    await describeService(context, name!, flags);
  },
});

export const createUserProvidedService = defineCommand<UserProvidedFlags>({
  usage: 'create-user-provided-service SERVICE_NAME',
  aliases: ['cups'],
  group,
  summary: 'Keep the credentials of a service that runs elsewhere, for Apps to be bound to',
  details:
    'Credentials are kept in a Secret and reach the Tasks of bound Apps as VCAP_SERVICES; the first "uri" also as DATABASE_URL. A service on this machine is reached as host.kf.internal.',
  examples: [
    `kf create-user-provided-service db -p '{"uri":"postgres://etl:secret@db.example.com/sales"}'`,
    'kf cups mail -p ./smtp.json -t "smtp, mail"',
  ],
  args: 1,
  flags: (command) =>
    command
      .option('-p, --parameters <JSON>', credentials)
      .option('-t, --tags <TAGS>', 'tags, separated by commas or spaces')
      .option('--mock-class <NAME>', 'class to show in VCAP_SERVICES instead of user-provided')
      .option('--mock-plan <NAME>', 'plan to show in VCAP_SERVICES')
      .option('--async', 'do not wait until it is ready')
      .addOption(new Option('--params <JSON>').hideHelp())
      .addOption(new Option('-r, --route <URL>').hideHelp())
      .addOption(new Option('-l, --syslog-drain <URL>').hideHelp()),
  async run(context, [name], flags) {
    const { createUserProvided } = await import('../services/create-service.ts');
    await createUserProvided(context, name!, flags);
  },
});

export const createServiceCommand = defineCommand<CreateServiceFlags>({
  usage: 'create-service SERVICE [PLAN] SERVICE_NAME',
  group,
  summary: 'Make a volume: files that outlive Tasks and that several may share',
  details:
    "SERVICE is volume. With a capacity the server makes it, and removes it with the service. With a path it is a directory of the server's machine, which the administrator allows by kf configure-server allow-host-path, and which stays whatever happens to the service.",
  examples: [
    `kf create-service volume backups -c '{"path":"/srv/backups"}'`,
    `kf create-service volume scratch -c '{"capacity":"10Gi"}'`,
  ],
  args: [2, 3],
  flags: (command) =>
    command
      .option('-c, --parameters <JSON>', 'path or capacity: a JSON object, or a file that holds one')
      .option('-t, --tags <TAGS>', 'tags, separated by commas or spaces')
      .option('--async', 'do not wait until it is ready'),
  async run(context, args, flags) {
    const { createServiceAction } = await import('../services/create-volume.ts');
    await createServiceAction(context, args, flags);
  },
});

export const marketplace = defineCommand<OutputFlag>({
  usage: 'marketplace',
  aliases: ['m'],
  group,
  summary: 'List which services can be created, and how',
  examples: ['kf marketplace', 'kf marketplace -o json'],
  flags: outputFlag,
  async run(context, _, { output }) {
    const { printMarketplace } = await import('../services/marketplace.ts');
    await printMarketplace(context, output);
  },
});

export const updateUserProvidedService = defineCommand<UpdateFlags>({
  usage: 'update-user-provided-service SERVICE_NAME',
  aliases: ['uups'],
  group,
  summary: 'Replace the credentials or the tags of a user-provided service',
  details: 'Tasks that start from now on get the new ones, without a new binding; those that run keep the old.',
  examples: ['kf update-user-provided-service db -p \'{"uri":"postgres://etl:newer@db.example.com/sales"}\''],
  args: 1,
  flags: (command) =>
    command
      .option('-p, --parameters <JSON>', `${credentials}; {} keeps them`)
      .option('-t, --tags <TAGS>', 'tags in place of all that there are')
      .option('--async', 'do not wait until bound Apps have them')
      .addOption(new Option('--params <JSON>').hideHelp()),
  async run(context, [name], flags) {
    const { updateUserProvided } = await import('../services/update-service.ts');
    await updateUserProvided(context, name!, flags);
  },
});

export const deleteServiceCommand = defineCommand<DeleteFlags>({
  usage: 'delete-service SERVICE_NAME',
  aliases: ['ds'],
  group,
  summary: 'Delete a service that no App is bound to',
  examples: ['kf delete-service db'],
  args: 1,
  flags: deleteFlags,
  async run(context, [name], flags) {
    const { deleteService } = await import('../services/delete-service.ts');
    await deleteService(context, name!, flags);
  },
});
