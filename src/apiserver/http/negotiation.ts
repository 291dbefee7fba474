/** Which representation an Accept header asks for. Bodies are always JSON; what differs is their shape. */

import { statusError } from '../../resources/status.ts';

interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

function parseAccept(header: string | undefined): readonly MediaRange[] {
  if (header === undefined || header.trim() === '') return [{ type: '*/*', parameters: {} }];
  return header.split(',').map((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    return {
      type: type!.toLowerCase(),
      parameters: Object.fromEntries(parameters.map((text) => text.split('=', 2).map((part) => part.trim()))),
    };
  });
}

const jsonTypes = new Set(['application/json', 'application/*', '*/*', 'text/plain', 'text/*']);

export interface Representation {
  readonly as: 'Object' | 'Table' | 'PartialObjectMetadata';
  /** Of meta.k8s.io, for a Table or PartialObjectMetadata. */
  readonly version: 'v1' | 'v1beta1';
}

/**
 * The first representation of the header that can be served; clients list them in the order of preference.
 * @throws StatusError NotAcceptable when JSON is not among them
 */
export function representationOf(accept: string | undefined): Representation {
  for (const { type, parameters } of parseAccept(accept)) {
    if (!jsonTypes.has(type)) continue;
    const { as, g, v } = parameters;
    if (as === undefined) return { as: 'Object', version: 'v1' };
    if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) continue;
    if (as === 'Table') return { as, version: v };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList')
      return { as: 'PartialObjectMetadata', version: v };
  }
  throw statusError('NotAcceptable', 'only the following media types are accepted: application/json');
}

/** The version of aggregated discovery that the client understands; undefined: the legacy documents. */
export function discoveryVersion(accept: string | undefined): 'v2' | 'v2beta1' | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    if (!jsonTypes.has(type)) continue;
    const { as, g, v } = parameters;
    if (as === undefined) return undefined;
    if (as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
}
