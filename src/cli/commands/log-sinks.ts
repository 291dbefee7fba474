import { LogSink } from '../../resources/kf/log-sink.ts';
import { checked, checkedRepeatable, defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import type { DeleteFlags } from '../delete-object.ts';
import { nonEmpty, objectName, size } from '../flags.ts';
import type { CreateLogSinkFlags } from '../log-sinks/create-log-sink.ts';
import { printList } from '../output/listing.ts';
import { deleteFlags } from './delete.ts';

const group = 'Log Sinks:';

export const createLogSink = defineCommand<CreateLogSinkFlags>({
  usage: 'create-log-sink NAME URL',
  group,
  summary: 'Forward what Tasks and Builds print to Fluentd, syslog, OpenTelemetry or a file',
  details: `The URL says how: fluentd://HOST[:24224] or fluentd-tls://, syslog://HOST[:514] (TCP), syslog-udp:// or syslog-tls://, http://HOST[:4318] or https:// (OTLP), file:///PATH (JSON lines, on the server's machine, in a directory that kf configure-server allow-host-path allows).

Each line goes with its Space, App, Task, number, Job, attempt, stream and time. While a sink is down, lines wait on disk.`,
  examples: [
    'kf create-log-sink central fluentd://logs.example.com:24224 --shared-key hunter2',
    'kf create-log-sink audit syslog-tls://logs.example.com --ca ca.pem --spaces prod,staging',
    'kf create-log-sink otel https://otel.example.com:4318 --header "Authorization: Bearer TOKEN"',
    'kf create-log-sink local file:///var/log/kf-tasks.jsonl',
  ],
  args: 2,
  flags: (command) =>
    command
      .option('--spaces <SPACE,...>', 'of Tasks in these Spaces only; default: all', checked(spaceNames))
      .option(
        '--held-limit <SIZE>',
        'undelivered logs that are kept although their Tasks were deleted; default: 1G',
        checked(size),
      )
      .option('--ca <FILE>', 'certificate authority of the sink (PEM); default: those that the system trusts')
      .option('--cert <FILE>', 'our certificate (PEM)')
      .option('--key <FILE>', 'its key (PEM)')
      .option('--shared-key <KEY>', 'Fluentd: the shared key', checked(nonEmpty))
      .option('--username <NAME>', 'Fluentd: the user')
      .option('--password <PASSWORD>', 'Fluentd: its password')
      .option('--header <NAME: VALUE>', 'OTLP: sent with every request; repeatable', checkedRepeatable(header)),
  async run(context, [name, url], flags) {
    const { createLogSink: create } = await import('../log-sinks/create-log-sink.ts');
    await create(context, objectName(name!), url!, flags);
  },
});

function spaceNames(text: string): readonly string[] {
  return text.split(',').map((space) => objectName(space.trim()));
}

function header(text: string): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+: *[\t\x20-\x7e]*$/.test(text)) return text;
  throw new Error(`${JSON.stringify(text)} must be NAME: VALUE.`);
}

export const logSinks = defineCommand<OutputFlag>({
  usage: 'log-sinks',
  group,
  summary: 'List where what Tasks and Builds print is forwarded to',
  examples: ['kf log-sinks', 'kf log-sinks -o json'],
  flags: outputFlag,
  async run(context, _, { output }) {
    await printList(context, await context.client(), {
      kind: LogSink,
      options: {},
      ...(output === undefined ? {} : { output }),
      title: 'Listing log sinks',
    });
  },
});

export const logSink = defineCommand<OutputFlag>({
  usage: 'log-sink NAME',
  group,
  summary: 'Show the state, the backlog and the last error of a log sink',
  examples: ['kf log-sink central', 'kf log-sink central -o json'],
  args: 1,
  flags: outputFlag,
  async run(context, [name], { output }) {
    const { describeLogSink } = await import('../log-sinks/describe-log-sink.ts');
    await describeLogSink(context, name!, output);
  },
});

export const deleteLogSink = defineCommand<DeleteFlags>({
  usage: 'delete-log-sink NAME',
  group,
  summary: 'Stop forwarding to a log sink; what it has not had is not delivered any more',
  examples: ['kf delete-log-sink central'],
  args: 1,
  flags: deleteFlags,
  async run(context, [name], flags) {
    const { deleteLogSink: remove } = await import('../log-sinks/describe-log-sink.ts');
    await remove(context, name!, flags);
  },
});
