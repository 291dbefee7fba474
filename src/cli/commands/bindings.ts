import { parseDuration } from '../../resources/duration.ts';
import { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import { checked, defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import { duration, nonEmpty } from '../flags.ts';
import { printList } from '../output/listing.ts';
import type { BindFlags } from '../services/bind-service.ts';
import { requireSpace } from '../spaces/find-space.ts';

const group = 'Service Bindings:';

export const bindService = defineCommand<BindFlags>({
  usage: 'bind-service APP_NAME SERVICE_NAME',
  aliases: ['bs'],
  group,
  summary: 'Give a service to the Tasks of an App that start from now on',
  details:
    'Of a user-provided service they get its credentials, those of -c over them. Of a volume -c says where it appears: {"mount":"/data","readonly":false}.',
  examples: [
    'kf bind-service report db',
    'kf bind-service report db -b warehouse',
    `kf bind-service report backups -c '{"mount":"/data"}'`,
  ],
  args: 2,
  flags: (command) =>
    command
      .option('-c, --parameters <JSON>', 'parameters of the binding: a JSON object, or a file that holds one')
      .option('-b, --binding-name <NAME>', "name in VCAP_SERVICES; default: the service's", checked(nonEmpty))
      .option(
        '--timeout <DURATION>',
        'how long it may take; default: 30m',
        checked((text) => parseDuration(duration(text))!),
      )
      .option('--async', 'do not wait until it is ready'),
  async run(context, args, flags) {
    const { bindServiceAction } = await import('../services/bind-service.ts');
    await bindServiceAction(context, args, flags);
  },
});

export const unbindService = defineCommand<{ readonly async?: boolean }>({
  usage: 'unbind-service APP_NAME SERVICE_NAME',
  aliases: ['us'],
  group,
  summary: 'Take a service away from the Tasks of an App that start from now on',
  examples: ['kf unbind-service report db'],
  args: 2,
  flags: (command) => command.option('--async', 'do not wait until it is gone'),
  async run(context, args, flags) {
    const { unbindServiceAction } = await import('../services/bind-service.ts');
    await unbindServiceAction(context, args, flags);
  },
});

interface BindingsFlags extends OutputFlag {
  readonly app?: string;
  readonly service?: string;
}

export const bindings = defineCommand<BindingsFlags>({
  usage: 'bindings',
  aliases: ['b'],
  group,
  summary: 'List which App is bound to which service',
  examples: ['kf bindings', 'kf bindings --app report', 'kf bindings --service db -o json'],
  flags: (command) =>
    outputFlag(command)
      .option('-a, --app <NAME>', 'of this App only')
      .option('-s, --service <NAME>', 'of this service only'),
  async run(context, _, { output, app, service }) {
    const session = await context.session();
    const { client, space } = session;
    const { getApp } = await import('../apps/find-app.ts');
    const { getService } = await import('../services/find-service.ts');
    if (app !== undefined) await getApp(session, app);
    if (service !== undefined) await getService(session, service);
    const isWanted = (ofApp: unknown, ofService: unknown): boolean =>
      (app === undefined || ofApp === app) && (service === undefined || ofService === service);
    await printList(context, client, {
      kind: ServiceInstanceBinding,
      options: { namespace: space },
      ...(output === undefined ? {} : { output }),
      title: `Listing bindings in Space: ${space}`,
      rows: (rows) => rows.filter(({ cells }) => isWanted(cells.App, cells.Service)),
      keepObjects: ({ spec }) => isWanted(spec.app.name, spec.instanceRef.name),
      whenEmpty: () => requireSpace({ client, space }),
    });
  },
});

export const vcapServices = defineCommand({
  usage: 'vcap-services APP_NAME',
  group,
  summary: 'Print VCAP_SERVICES as Tasks of an App get it, credentials included',
  examples: ['kf vcap-services report'],
  args: 1,
  async run(context, [name]) {
    const { printVcapServices } = await import('../services/vcap-services.ts');
    await printVcapServices(context, name!);
  },
});
