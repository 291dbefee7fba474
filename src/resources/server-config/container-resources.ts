/** The type of `tekton.resources`: requests and limits by the name of a container. Pure. */

import type { ResourceRequirements } from '../core/pod.ts';
import { isJsonObject } from '../json.ts';
import { parseQuantity } from '../quantity.ts';
import type { SettingType } from './setting.ts';

const name = 'requests and limits by container, like {"default": {"limits": {"memory": "1Gi"}}}';

const isQuantity = (value: unknown): boolean =>
  (typeof value === 'string' || typeof value === 'number') && (parseQuantity(String(value)) ?? -1) >= 0;

const isResources = (value: unknown): boolean =>
  isJsonObject(value) &&
  Object.entries(value).every(
    ([field, quantities]) =>
      ['requests', 'limits'].includes(field) && isJsonObject(quantities) && Object.values(quantities).every(isQuantity),
  );

export const containerResources: SettingType<Readonly<Record<string, ResourceRequirements>>> = {
  name,
  read(value) {
    if (!isJsonObject(value) || !Object.values(value).every(isResources)) throw new Error(`must be ${name}`);
    return value as Readonly<Record<string, ResourceRequirements>>;
  },
  fromWords(words) {
    try {
      return JSON.parse(words.join(' '));
    } catch {
      throw new Error(`must be ${name}, as JSON`);
    }
  },
};
