/** Local or remote: one way to what a reference names. */

import { randomUUID } from 'node:crypto';
import type { AnyKind, Client } from '../../client/client.ts';
import type { ObjectOf } from '../../resources/kind.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { isInvalid, isNotFound, StatusError } from '../../resources/status.ts';
import { type Decoded, DecodeError, decode } from './decode.ts';
import { findLocal } from './local.ts';
import type { Found, Reference } from './reference.ts';
import { type Answer, ask } from './requested.ts';

/** It is not there, or not what it should be; the engines' own words go around the message. */
export class NotResolved extends Error {
  override readonly name = 'NotResolved';
  constructor(
    message: string,
    /** It is there, and the API refuses it. */
    readonly invalid = false,
  ) {
    super(message);
  }
}

export interface Wanted<K extends AnyKind> {
  readonly kind: K;
  /** `a task` */
  readonly article: string;
  /** Variables are replaced. */
  readonly reference: Reference;
  /** Name of the run that it is for. */
  readonly asker: string;
}

type Spec<K> = ObjectOf<K> extends { readonly spec: infer S } ? S : never;
type Pending = Extract<Answer, { readonly state: 'waiting' }>;

/** @throws NotResolved */
export async function findReferenced<K extends AnyKind>(
  client: Client,
  run: KubeObject,
  { kind, article, reference, asker }: Wanted<K>,
): Promise<Found<Spec<K>> | Pending> {
  const { name = '', resolver = '', params = [] } = reference;
  const { namespace = '' } = run.metadata;
  if (resolver === '') {
    try {
      return (await findLocal(client, kind, { namespace, name })) as Found<Spec<K>>;
    } catch (error) {
      if (isNotFound(error)) throw new NotResolved(error.message);
      throw error;
    }
  }
  const url = name === '' ? {} : { url: name };
  const answer = await ask(client, run, { resolver, params, asker, ...url });
  if (answer.state === 'waiting') return answer;
  if (answer.state === 'failed') throw new NotResolved(`error requesting remote resource: ${answer.message}`);
  const { data, source } = answer;
  const decoded = await decode(data, kind, article).catch((error: unknown) => {
    if (isRefusal(error)) throw notValid(undefined, error);
    throw error instanceof DecodeError ? new NotResolved(error.message) : error;
  });
  const { name: found = '', labels = {}, annotations = {} } = decoded.metadata;
  const spec = (await checked(client, kind, namespace, decoded)) as Spec<K>;
  return { state: 'found', spec, name: found, labels, annotations, ...(source === undefined ? {} : { source }) };
}

/** The spec as the API would store it. @throws NotResolved */
async function checked(
  client: Client,
  kind: AnyKind,
  namespace: string,
  { metadata, spec }: Decoded,
): Promise<unknown> {
  try {
    const { labels, annotations } = metadata;
    const own = { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
    const draft = { metadata: { name: randomUUID(), namespace, ...own }, spec };
    const stored = (await client.create(kind, draft as never, { dryRun: true })) as { readonly spec: unknown };
    return stored.spec;
  } catch (error) {
    throw isRefusal(error) ? notValid(metadata.name, error) : error;
  }
}

const isRefusal = (error: unknown): error is StatusError =>
  isInvalid(error) || (error instanceof StatusError && error.reason === 'BadRequest');

const notValid = (name: string | undefined, { message }: StatusError): NotResolved =>
  new NotResolved(`validation failed for referenced object ${name ?? ''}: ${message}`, true);
