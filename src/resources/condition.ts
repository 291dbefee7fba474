/** Status conditions, and how a happy condition follows from its dependents (Knative's duck type, as Kf and Tekton use it). */

import * as s from './schema.ts';

export const conditionSchema = s.object({
  type: s.describe('What it is about.', s.string()),
  status: s.describe('Whether it holds.', s.enumeration('True', 'False', 'Unknown')),
  reason: s.describe('Why, in one word.', s.optional(s.string())),
  message: s.describe('Why, for the reader.', s.optional(s.string())),
  severity: s.describe('How bad it is where it does not hold. Default: an error.', s.optional(s.string())),
  lastTransitionTime: s.describe('When the status changed last.', s.optional(s.time())),
});

export type Condition = s.Infer<typeof conditionSchema>;

/** A condition before it is merged: the transition time is the merge's business. */
export type ConditionDraft = Omit<Condition, 'lastTransitionTime'>;

export const conditionOf = (
  object: { readonly status?: { readonly conditions?: readonly Condition[] } },
  type: string,
): Condition | undefined => object.status?.conditions?.find((condition) => condition.type === type);

/**
 * Puts drafts into conditions, in order; `lastTransitionTime` moves only when the status does.
 * @param now RFC 3339
 */
export function mergeConditions(
  existing: readonly Condition[] | undefined,
  drafts: readonly ConditionDraft[],
  now: string,
): readonly Condition[] {
  const merged = [...(existing ?? [])];
  for (const draft of drafts) {
    const index = merged.findIndex((condition) => condition.type === draft.type);
    const before = merged[index];
    const lastTransitionTime = before?.status === draft.status ? (before.lastTransitionTime ?? now) : now;
    const condition = { ...draft, lastTransitionTime };
    if (index < 0) merged.push(condition);
    else merged[index] = condition;
  }
  return merged;
}

/** The happy condition: True when all are, else the first False one's reason, else Unknown with the first Unknown's. */
export function happyCondition(type: string, dependents: readonly ConditionDraft[]): ConditionDraft {
  const decisive =
    dependents.find((condition) => condition.status === 'False') ??
    dependents.find((condition) => condition.status === 'Unknown');
  if (decisive === undefined) return { type, status: 'True' };
  return { ...decisive, type };
}

/** Final: the happy condition (`Ready` or `Succeeded`) is True or False. */
export function isFinal(object: { readonly status?: { readonly conditions?: readonly Condition[] } }): boolean {
  const happy = conditionOf(object, 'Ready') ?? conditionOf(object, 'Succeeded');
  return happy?.status === 'True' || happy?.status === 'False';
}
