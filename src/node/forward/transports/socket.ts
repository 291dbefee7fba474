/** Connections of TCP and TLS with limits on waiting. */

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SinkSecret } from '../transport.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** Absent: plain TCP. */
  readonly tls?: SinkSecret;
}

/** Milliseconds. */
const connectPatience = 10_000;
/** Milliseconds in which a receiver must have taken something. */
export const sendPatience = 30_000;
/** Milliseconds in which it must have said that it has taken everything; Fluentd's own default. */
export const confirmPatience = 190_000;
/** Bytes that it must take in that time, however slow it is. */
const sliceBytes = 64 * 1024;

/** @throws Error naming the address */
export function connect({ host, port, tls }: Address): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      tls === undefined
        ? connectTcp({ host, port })
        : connectTls({
            host,
            port,
            servername: tls.serverName ?? (/^[\d.]+$|:/.test(host) ? '' : host),
            ...(tls['ca.crt'] === undefined ? {} : { ca: tls['ca.crt'] }),
            ...(tls['tls.crt'] === undefined ? {} : { cert: tls['tls.crt'] }),
            ...(tls['tls.key'] === undefined ? {} : { key: tls['tls.key'] }),
          });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(`${host}:${port}: ${error.message}`));
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${connectPatience / 1000} s`)), connectPatience);
    socket.on('error', fail);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.removeListener('error', fail);
      // Whoever uses it listens to its close.
      socket.on('error', () => undefined);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** Resolves when the kernel has taken the bytes. @throws Error when the connection breaks or stands still */
export async function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += sliceBytes) await writeSlice(socket, bytes.subarray(at, at + sliceBytes));
}

function writeSlice(socket: Socket, bytes: Uint8Array): Promise<void> {
  return within(
    sendPatience,
    'the receiver takes nothing',
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(broken(socket));
      socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    }),
  );
}

export const broken = (socket: Socket): Error => socket.errored ?? new Error('the receiver closed the connection');

/** @throws Error `WHAT for N s` when the promise takes longer than `milliseconds` */
export function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} for ${milliseconds / 1000} s`)), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
