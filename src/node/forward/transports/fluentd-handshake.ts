/** Secure forward: both sides prove that they know the shared key (HELO, PING, PONG). */

import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { encode } from '@msgpack/msgpack';
import type { SinkSecret } from '../transport.ts';
import { within, write } from './socket.ts';

/** Milliseconds. */
const patience = 10_000;

/** @throws Error when the receiver does not know the key, or does not accept ours */
export async function answerHelo(socket: Socket, answers: AsyncIterator<unknown>, secret: SinkSecret): Promise<void> {
  const { sharedKey = '', username = '', password = '' } = secret;
  const helo = await message(answers, 'HELO');
  const options = (helo[1] ?? {}) as { readonly nonce?: string | Uint8Array; readonly auth?: string | Uint8Array };
  const nonce = bytesOf(options.nonce);
  const auth = bytesOf(options.auth);
  const salt = randomBytes(16);
  const name = hostname();
  const login = auth.length === 0 ? ['', ''] : [username, digest(auth, username, password)];
  await write(socket, encode(['PING', name, salt, digest(salt, name, nonce, sharedKey), ...login]));
  const [, accepted, reason, server, proof] = await message(answers, 'PONG');
  if (accepted !== true) throw new Error(`the receiver refuses the connection: ${String(reason)}`);
  if (proof !== digest(salt, String(server), nonce, sharedKey))
    throw new Error('the receiver does not know the shared key');
}

async function message(answers: AsyncIterator<unknown>, kind: string): Promise<readonly unknown[]> {
  const { value, done } = await within(patience, `no ${kind} came`, answers.next());
  if (done || !Array.isArray(value) || value[0] !== kind)
    throw new Error(`the receiver does not speak secure forward: no ${kind} came`);
  return value as readonly unknown[];
}

function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

const bytesOf = (value: string | Uint8Array | undefined): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value) : (value ?? new Uint8Array());
