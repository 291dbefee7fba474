/** `kf create-network-policy`. */

import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { labels } from '../../resources/labels.ts';
import { isDns1123Subdomain } from '../../resources/names.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import { getApp } from '../apps/find-app.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatObject, type OutputFormat } from '../output/objects.ts';
import { formatTips } from '../output/tips.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { tipFlags } from '../tip-flags.ts';
import { describeEgress, dnsRule, type EgressRule } from './allow.ts';

export interface CreateFlags {
  readonly app?: string;
  readonly allApps?: boolean;
  readonly allow?: readonly (EgressRule | 'none')[];
  readonly dns?: boolean;
  readonly output?: OutputFormat;
}

export async function createNetworkPolicy(context: Context, name: string, flags: CreateFlags): Promise<void> {
  const { app, allApps, output } = flags;
  context.dataOnly = output !== undefined;
  if (!isDns1123Subdomain(name))
    throw new CliError(`${JSON.stringify(name)} is not a valid name: lower-case letters, digits, dashes and dots`);
  if ((app === undefined) === (allApps !== true))
    throw new CliError('say whose Tasks the policy is for: either --app APP or --all-apps');
  const egress = rulesOf(flags);
  const session = await context.changing();
  if (app !== undefined) await getApp(session, app);
  else await requireSpace(session);
  const policy = await create(session, name, app, egress);
  if (output !== undefined) return context.io.out(await formatObject(output, NetworkPolicy, policy));
  await context.io.out(`Network policy ${name} created.\n`);
  const allowed = describeEgress(policy.spec) ?? [];
  context.io.note(
    `${app === undefined ? 'All Tasks' : `Tasks of App ${app}`} now reach: ${allowed.join(', ')}; and what other policies for them allow.`,
  );
  const tipped = tipFlags(context.flags, session.space);
  const tips = [
    { description: 'List the policies', command: `kf network-policies${tipped}` },
    { description: 'Take it back', command: `kf delete-network-policy ${name}${tipped}` },
  ];
  for (const line of formatTips(tips)) context.io.note(line);
}

/** @throws CliError */
function rulesOf({ allow = [], dns }: CreateFlags): readonly EgressRule[] {
  const rules = allow.filter((one) => one !== 'none');
  if (allow.length > rules.length && (rules.length > 0 || dns))
    throw new CliError('--allow none cannot stand beside what is allowed');
  if (allow.length === 0 && !dns)
    throw new CliError('--allow is missing: say what may be reached, like --allow 10.0.0.0/8:5432, or --allow none');
  return [...rules, ...(dns ? [dnsRule] : [])];
}

async function create(
  { client, space, serverFlags = '' }: Session,
  name: string,
  app: string | undefined,
  egress: readonly EgressRule[],
): Promise<NetworkPolicy> {
  const matchLabels = { [labels.networkPolicy]: 'app', ...(app === undefined ? {} : { [labels.appName]: app }) };
  try {
    return await client.create(NetworkPolicy, {
      metadata: { name, namespace: space, labels: { [labels.managedBy]: 'kf' } },
      spec: { podSelector: { matchLabels }, policyTypes: ['Egress'], egress },
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    throw new CliError(
      `a network policy "${name}" exists already; several for one App add up, under names of their own`,
      {
        tips: [{ description: 'See it', command: `kf network-policy ${name} --space ${space}${serverFlags}` }],
      },
    );
  }
}
