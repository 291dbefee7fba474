/** `kf marketplace`: what services can be made. There are no brokers, so it is always the same. */

import type { Context } from '../context.ts';
import { formatNamed, type OutputFormat } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';

const offers = [
  {
    name: 'user-provided',
    plan: '-',
    description: 'credentials of a service that runs elsewhere',
    command: `kf create-user-provided-service NAME -p '{"uri":"URI"}'`,
  },
  {
    name: 'volume',
    plan: 'capacity',
    description: 'a file system that the server makes',
    command: `kf create-service volume NAME -c '{"capacity":"10Gi"}'`,
  },
  {
    name: 'volume',
    plan: 'path',
    description: 'a directory of the server’s machine',
    command: `kf create-service volume NAME -c '{"path":"/srv/backups"}'`,
  },
] as const;

export async function printMarketplace(context: Context, output: OutputFormat | undefined): Promise<void> {
  const names = new Set(offers.map(({ name }) => name));
  if (output !== undefined) return context.io.out(await formatNamed(output, offers, [...names]));
  context.io.note('Listing services that can be created');
  const rows = offers.map(({ name, plan, description, command }) => [name, plan, description, command]);
  await context.io.out(formatTable(['Name', 'Plan', 'Description', 'Command'], rows));
}
