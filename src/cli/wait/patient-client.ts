/** A client whose reads bear with a server that restarts; what changes something is asked once, of the server that was last reached. */

import type { KfClient } from '../kf-client.ts';
import { patiently, type Reconnecting } from './patience.ts';

const reads: ReadonlySet<PropertyKey> = new Set([
  'get',
  'list',
  'table',
  'disk',
  'hasSource',
] satisfies (keyof KfClient)[]);

export function patientClient(context: Reconnecting, connected: KfClient): KfClient {
  let last = connected;
  return new Proxy(connected, {
    get(_, name) {
      const member: unknown = Reflect.get(last, name);
      if (typeof member !== 'function') return member;
      if (!reads.has(name)) return member.bind(last);
      return (...args: readonly unknown[]) =>
        patiently(context, (client) => {
          last = client;
          return (Reflect.get(client, name) as (...args: readonly unknown[]) => Promise<unknown>).apply(client, [
            ...args,
          ]);
        });
    },
  });
}
