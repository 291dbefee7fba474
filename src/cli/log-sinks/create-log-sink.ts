/** `kf create-log-sink`: the LogSink, a Secret for what only it may know, and whether it can be reached. */

import { readFile } from 'node:fs/promises';
import { conditionOf } from '../../resources/condition.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { errorMessage } from '../../resources/errors.ts';
import { LogSink } from '../../resources/kf/log-sink.ts';
import { parseLogSinkUrl } from '../../resources/kf/log-sink-url.ts';
import { controllerRef } from '../../resources/meta.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatTips } from '../output/tips.ts';
import { unreadable } from '../unreadable.ts';
import { waitFor } from '../wait/observe.ts';

export interface CreateLogSinkFlags {
  readonly spaces?: readonly string[];
  readonly heldLimit?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly sharedKey?: string;
  readonly username?: string;
  readonly password?: string;
  readonly header?: readonly string[];
}

/** Where the Secrets of log sinks lie: no Space's own. */
const secretNamespace = 'kube-system';
const secretName = (sink: string): string => `log-sink-${sink}`;
/** Milliseconds in which a sink that works has been reached. */
const patience = 5000;

export async function createLogSink(
  context: Context,
  name: string,
  url: string,
  flags: CreateLogSinkFlags,
): Promise<void> {
  checkUrl(url);
  const content = await secretOf(flags);
  const session = await context.changing();
  const secret = Object.keys(content).length === 0 ? undefined : { namespace: secretNamespace, name: secretName(name) };
  const draft = {
    metadata: { name },
    spec: {
      url,
      ...(flags.spaces === undefined ? {} : { spaces: flags.spaces }),
      ...(flags.heldLimit === undefined ? {} : { heldLimit: flags.heldLimit }),
      ...(secret === undefined ? {} : { secretRef: secret }),
    },
  };
  const sink = secret === undefined ? await create(session, draft) : await createWithSecret(session, draft, content);
  await reportReadiness(context, session, sink);
}

function checkUrl(url: string): void {
  try {
    parseLogSinkUrl(url);
  } catch (error) {
    throw new CliError(`${JSON.stringify(url)} ${errorMessage(error)}`);
  }
}

/** @throws CliError for a file that cannot be read */
async function secretOf(flags: CreateLogSinkFlags): Promise<Readonly<Record<string, string>>> {
  const file = async (flag: 'ca' | 'cert' | 'key'): Promise<string | undefined> => {
    const path = flags[flag];
    if (path === undefined) return undefined;
    return readFile(path, 'utf8').catch((error) => {
      throw new CliError(`--${flag}: ${unreadable(path, error)}`);
    });
  };
  const values = {
    'ca.crt': await file('ca'),
    'tls.crt': await file('cert'),
    'tls.key': await file('key'),
    sharedKey: flags.sharedKey,
    username: flags.username,
    password: flags.password,
    headers: flags.header?.join('\n'),
  };
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

type Draft = { readonly metadata: { readonly name: string }; readonly spec: LogSink['spec'] };

async function create({ client, serverFlags = '' }: Session, draft: Draft): Promise<LogSink> {
  try {
    return await client.create(LogSink, draft);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { name } = draft.metadata;
    throw new CliError(`log sink "${name}" exists already`, {
      tips: [{ description: 'Show it', command: `kf log-sink ${name}${serverFlags}` }],
    });
  }
}

/** The Secret first, so that the sink finds it; then it belongs to the sink and goes with it. */
async function createWithSecret(
  session: Session,
  draft: Draft,
  content: Readonly<Record<string, string>>,
): Promise<LogSink> {
  const { client } = session;
  const ref = draft.spec.secretRef!;
  const existing = await client.get(LogSink, draft.metadata).catch(ifMissing);
  // What an earlier attempt left behind belongs to nobody.
  if (existing === undefined) await client.delete(Secret, ref).catch(ifMissing);
  else return create(session, draft);
  const secret = await client.create(Secret, { metadata: ref, stringData: content });
  try {
    const sink = await create(session, draft);
    await client.update(Secret, {
      ...secret,
      metadata: { ...secret.metadata, ownerReferences: [controllerRef(sink)] },
    });
    return sink;
  } catch (error) {
    await client.delete(Secret, ref).catch(() => undefined);
    throw error;
  }
}

const ifMissing = (error: unknown): undefined => {
  if (!isNotFound(error)) throw error;
};

async function reportReadiness(context: Context, { serverFlags = '' }: Session, sink: LogSink): Promise<void> {
  const { io } = context;
  const { name } = sink.metadata;
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), patience);
  const known = (one: LogSink): boolean => ['True', 'False'].includes(conditionOf(one, 'Ready')?.status ?? '');
  const latest = await waitFor(context, LogSink, { name }, known, { from: sink, signal: enough.signal });
  clearTimeout(timer);
  const ready = latest === undefined ? undefined : conditionOf(latest, 'Ready');
  if (ready?.status === 'True') await io.out(`Log sink ${name} receives what Tasks and Builds print from now on\n`);
  else {
    await io.out(`Log sink ${name} created\n`);
    io.note(
      ready?.message ??
        'Nothing has taken it up yet: is it the embedded server? A cluster forwards logs by its own means.',
    );
  }
  for (const line of formatTips([{ description: 'Show its state', command: `kf log-sink ${name}${serverFlags}` }]))
    io.note(line);
}
