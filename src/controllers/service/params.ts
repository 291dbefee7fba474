/** The parameters of services and bindings: a JSON object in the key `params` of a Secret. Pure. */

import type { ConditionDraft } from '../../resources/condition.ts';
import type { Secret } from '../../resources/core/kinds.ts';
import { parseJsonObject } from '../../resources/json.ts';

export type Params = Readonly<Record<string, unknown>>;

export interface ReadParams {
  /** ParamsSecretReady and ParamsSecretPopulatedReady, as Kf has them. */
  readonly conditions: readonly ConditionDraft[];
  /** Undefined unless both are True. */
  readonly params?: Params;
}

/** @param name of the Secret, which may be made after what names it */
export function readParams(name: string, secret: Secret | undefined): ReadParams {
  const ready = 'ParamsSecretReady';
  const populated = 'ParamsSecretPopulatedReady';
  if (secret === undefined) {
    const missing = { status: 'Unknown', reason: 'SecretMissing', message: `secret "${name}" does not exist` } as const;
    return {
      conditions: [
        { type: ready, ...missing },
        { type: populated, ...missing },
      ],
    };
  }
  const problem = (reason: string, message: string): ReadParams => ({
    conditions: [
      { type: ready, status: 'True' },
      { type: populated, status: 'False', reason, message },
    ],
  });
  const data = secret.data?.params;
  if (data === undefined) return problem('SecretNotPopulated', `secret "${name}" has no key "params"`);
  const params = parseJsonObject(Buffer.from(data, 'base64').toString());
  if (params === undefined) return problem('SecretInvalid', `the key "params" of secret "${name}" is no JSON object`);
  return {
    conditions: [
      { type: ready, status: 'True' },
      { type: populated, status: 'True' },
    ],
    params,
  };
}
