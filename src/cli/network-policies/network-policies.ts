/** `kf create-network-policy`, `network-policies`, `network-policy`, `delete-network-policy`. */

import { formatSelector } from '../../resources/core/label-selector.ts';
import { NetworkPolicy } from '../../resources/core/network-policy.ts';
import { humanDuration } from '../../resources/duration.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { controllerOf } from '../../resources/meta.ts';
import { isDns1123Subdomain } from '../../resources/names.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';
import { getApp } from '../apps/find-app.ts';
import type { Context, Session } from '../context.ts';
import { type DeleteFlags, deleteAndWait } from '../delete-object.ts';
import { CliError } from '../errors.ts';
import { formatDescription } from '../output/describe.ts';
import { formatObject, formatObjects, type OutputFormat } from '../output/objects.ts';
import { formatTable } from '../output/table.ts';
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

export async function listNetworkPolicies(context: Context, output: OutputFormat | undefined): Promise<void> {
  context.dataOnly = output !== undefined;
  const session = await context.session();
  const { items } = await session.client.list(NetworkPolicy, { namespace: session.space });
  if (items.length === 0) await requireSpace(session);
  if (output !== undefined) return context.io.out(await formatObjects(output, NetworkPolicy, items));
  context.io.note(`Listing Network Policies in Space: ${session.space}`);
  const now = context.clock.now();
  const rows = items.map((policy) => [
    policy.metadata.name,
    whose(policy),
    (describeEgress(policy.spec) ?? ['(says nothing of it)']).join(', '),
    humanDuration(now - Date.parse(policy.metadata.creationTimestamp ?? '')),
  ]);
  await context.io.out(formatTable(['Name', 'Applies To', 'Reaches', 'Age'], rows));
}

export async function describeNetworkPolicy(
  context: Context,
  name: string,
  output: OutputFormat | undefined,
): Promise<void> {
  context.dataOnly = output !== undefined;
  const session = await context.session();
  const policy = await getPolicy(session, name);
  if (output !== undefined) return context.io.out(await formatObject(output, NetworkPolicy, policy));
  const { metadata, spec } = policy;
  context.io.note(`Getting Network Policy ${name} in Space: ${session.space}`);
  await context.io.out(
    formatDescription([
      ['Name', name],
      ['Space', session.space],
      ['Created', metadata.creationTimestamp],
      ['Created By', metadata.annotations?.[annotations.createdBy]],
      ['Applies To', whose(policy)],
      ['Pod Selector', formatSelector(spec.podSelector)],
      ['Reaches', describeEgress(spec) ?? '(says nothing of it)'],
    ]),
  );
}

export async function deleteNetworkPolicy(context: Context, name: string, flags: DeleteFlags): Promise<void> {
  const session = await context.changing();
  const policy = await getPolicy(session, name);
  if (controllerOf(policy)?.kind === 'Space')
    throw new CliError(`network policy "${name}" is a setting of the Space`, {
      tips: [
        {
          description: 'Change the setting',
          command: `kf configure-space ${name === 'space-build-policy' ? 'set-build-egress-policy' : 'set-app-egress-policy'} ${session.space} PermitAll`,
        },
      ],
    });
  context.io.note(`Deleting Network Policy "${name}" in Space "${session.space}"`);
  await deleteAndWait(context, session, { kind: NetworkPolicy, ref: { namespace: session.space, name }, ...flags });
}

/** @throws CliError */
async function getPolicy(session: Session, name: string): Promise<NetworkPolicy> {
  const { client, space, serverFlags = '' } = session;
  try {
    return await client.get(NetworkPolicy, { namespace: space, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await requireSpace(session);
    throw new CliError(`network policy "${name}" not found in Space "${space}"`, {
      tips: [{ description: 'List the policies', command: `kf network-policies --space ${space}${serverFlags}` }],
    });
  }
}

/** In words where it is one of ours, else its selector. */
function whose(policy: NetworkPolicy): string {
  const { podSelector } = policy.spec;
  if (policy.metadata.name === 'space-app-policy' && controllerOf(policy)?.kind === 'Space') return 'all Tasks';
  const { matchLabels = {}, matchExpressions = [] } = podSelector;
  const { [labels.networkPolicy]: what, [labels.appName]: app, ...rest } = matchLabels;
  if (matchExpressions.length > 0 || Object.keys(rest).length > 0) return formatSelector(podSelector);
  if (what === 'app') return app === undefined ? 'all Tasks' : `Tasks of ${app}`;
  if (what === 'build') return app === undefined ? 'all Builds' : `Builds of ${app}`;
  return Object.keys(matchLabels).length === 0 ? 'everything' : formatSelector(podSelector);
}
