/** What a request to a hook's URL says of itself, apart from its body. Pure. */

import type { IncomingHttpHeaders } from 'node:http';
import { withoutEmpty } from '../../resources/json.ts';
import { badRequest } from '../../resources/status.ts';
import type { RequestInfo } from '../http/request-info.ts';

export interface HookRequest {
  readonly namespace: string;
  readonly name: string;
  /** From the path, or a header. */
  readonly token?: string;
  /** GitHub's: `sha256=` and hexadecimal digits. */
  readonly signature?: string;
  /** The same for every repetition of a delivery. */
  readonly delivery?: string;
  /** What happened, in the sender's words. */
  readonly event?: string;
  readonly contentType?: string;
  /** Behind the `?`. */
  readonly query?: string;
}

/** Whose repeats are known by which header: GitHub and Gitea, Standard Webhooks, GitLab and many APIs. */
const deliveryHeaders = ['x-github-delivery', 'webhook-id', 'idempotency-key', 'x-gitlab-event-uuid'];
const eventHeaders = ['x-github-event', 'x-gitlab-event', 'x-gitea-event'];
/** Beside `Authorization: Bearer`; GitLab sends its own. */
const tokenHeaders = ['x-kf-token', 'x-gitlab-token'];

const longestDelivery = 256;
const longestValue = 2048;

export const isHookRequest = ({ parts }: RequestInfo): boolean => parts[0] === 'hooks';

/** `/hooks/SPACE/NAME` or `/hooks/SPACE/NAME/TOKEN`; undefined for any other path. @throws StatusError BadRequest */
export function hookRequest({ parts, query }: RequestInfo, headers: IncomingHttpHeaders): HookRequest | undefined {
  const [, namespace, name, pathToken, ...rest] = parts;
  if (namespace === undefined || name === undefined || rest.length > 0) return undefined;
  const first = (names: readonly string[]): string | undefined =>
    names.map((header) => text(headers[header])).find((value) => value !== undefined);
  const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const delivery = first(deliveryHeaders);
  if (delivery !== undefined && delivery.length > longestDelivery)
    throw badRequest(`the delivery's ID is longer than ${longestDelivery} characters`);
  return {
    namespace,
    name,
    ...withoutEmpty({
      token: pathToken ?? bearer ?? first(tokenHeaders),
      signature: text(headers['x-hub-signature-256']),
      delivery,
      event: bounded(first(eventHeaders)),
      contentType: bounded(text(headers['content-type'])),
      query: bounded(query.toString()),
    }),
  };
}

const text = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const bounded = (value: string | undefined): string | undefined => value?.slice(0, longestValue);

/** The environment by which a Task knows what it was run for. */
export const hookEnv = (
  { name, delivery, event, contentType, query }: HookRequest,
  bodyPath: string,
): readonly { readonly name: string; readonly value: string }[] =>
  Object.entries({
    KF_HOOK_NAME: name,
    KF_HOOK_BODY: bodyPath,
    KF_HOOK_CONTENT_TYPE: contentType,
    KF_HOOK_DELIVERY: delivery,
    KF_HOOK_EVENT: event,
    KF_HOOK_QUERY: query,
  }).flatMap(([key, value]) => (value === undefined ? [] : [{ name: key, value }]));
