/** The flags about notifications, checked where they are read. */

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { isExpectation, type NotifyEvent, notifyEvents, notifyUrlComplaint } from '../../resources/kf/notify.ts';
import { checked } from '../command.ts';
import { unreadable } from '../unreadable.ts';

export interface NotifyFlags {
  readonly notify?: string;
  readonly notifyOn?: readonly NotifyEvent[];
  readonly notifySecret?: string;
  readonly expectEvery?: string;
}

export const notifyFlags = (command: Command): Command =>
  command
    .option(
      '--notify <URL>',
      "where to post what happens to the Job; default: as the Space's set-notify",
      checked(notifyUrl),
    )
    .option(
      '--notify-on <EVENTS>',
      'failed, missed, skipped, recovered, separated by commas; default: all',
      checked(eventList),
    )
    .option(
      '--notify-secret <TEXT>',
      'signs the posts, @FILE reads it from a file; default: a new one, which is printed',
      checked(signingSecret),
    )
    .option(
      '--expect-every <DURATION>',
      'also post, once, when no Task has succeeded for so long, like 26h; default: never',
      checked(expectation),
    );

export function notifyUrl(text: string): string {
  const complaint = notifyUrlComplaint(text);
  if (complaint !== undefined) throw new Error(`${JSON.stringify(text)} is not a URL to notify: ${complaint}.`);
  return text;
}

/** `failed,missed`, in any order. */
export function eventList(text: string): readonly NotifyEvent[] {
  const wanted = text.split(',').map((word) => word.trim().toLowerCase());
  const wrong = wanted.find((word) => !notifyEvents.includes(word as NotifyEvent));
  if (wrong !== undefined)
    throw new Error(`${JSON.stringify(wrong)} is no event: they are ${notifyEvents.join(', ')}, separated by commas.`);
  return notifyEvents.filter((event) => wanted.includes(event));
}

/** Characters of a secret that is not in the form of Standard Webhooks. */
const shortestSecret = 16;

/** `whsec_…`, or any text; `@FILE` reads it from a file, so that it does not stand among the machine's processes. */
export function signingSecret(text: string): string {
  const secret = textOrFile(text);
  if (secret.startsWith('whsec_')) {
    const bytes = Buffer.from(secret.slice(6), 'base64').length;
    if (/^whsec_[A-Za-z0-9+/]+=*$/.test(secret) && bytes >= 24 && bytes <= 64) return secret;
    throw new Error('A secret that begins with whsec_ must go on with 24 to 64 bytes in base64.');
  }
  return secretText(text);
}

/** A secret of somebody else's making. */
export function secretText(text: string): string {
  const secret = textOrFile(text);
  if (secret.length < shortestSecret) throw new Error(`It must be at least ${shortestSecret} characters long.`);
  return secret;
}

const textOrFile = (text: string): string => (text.startsWith('@') ? fileText(text.slice(1)) : text);

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new Error(`${unreadable(path, error)}.`);
  }
}

function expectation(text: string): string {
  if (!isExpectation(text.trim())) throw new Error('It must be a duration of at least one minute, like 26h or 90m.');
  return text.trim();
}
