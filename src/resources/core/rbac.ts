/**
 * rbac.authorization.k8s.io/v1: kept for the manifests that bring them along. They hold nobody back, which every write says.
 */

import { type FieldError, invalid } from '../field-error.ts';
import { jsonEqual } from '../json.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { labelSelectorSchema } from './label-selector.ts';

const group = 'rbac.authorization.k8s.io';
const version = 'v1';
const noticeOf = (kind: string): string => `the ${kind} is kept and has no effect: this server has no access control`;

const strings = s.optional(s.array(s.string()));
const rules = s.optional(
  s.array(
    s.object({
      verbs: s.array(s.string()),
      apiGroups: strings,
      resources: strings,
      resourceNames: strings,
      nonResourceURLs: strings,
    }),
  ),
);

const roleBody = { rules };
export type Role = Resource<typeof roleBody>;
export const Role: Kind<Role> = defineKind({ group, version, kind: 'Role', body: roleBody, notice: noticeOf('Role') });

const clusterRoleBody = {
  rules,
  aggregationRule: s.optional(s.object({ clusterRoleSelectors: s.optional(s.array(labelSelectorSchema)) })),
};
export type ClusterRole = Resource<typeof clusterRoleBody>;
export const ClusterRole: Kind<ClusterRole> = defineKind({
  group,
  version,
  kind: 'ClusterRole',
  scope: 'Cluster',
  body: clusterRoleBody,
  notice: noticeOf('ClusterRole'),
});

const bindingBody = {
  subjects: s.optional(
    s.array(
      s.object({
        kind: s.string(),
        apiGroup: s.optional(s.string()),
        name: s.string(),
        namespace: s.optional(s.string()),
      }),
    ),
  ),
  roleRef: s.object({ apiGroup: s.withDefault(s.string(), group), kind: s.string(), name: s.string() }),
};
export type RoleBinding = Resource<typeof bindingBody>;
const bindingRules = {
  body: bindingBody,
  notice: noticeOf('binding'),
  validate: ({ roleRef }: RoleBinding, old?: RoleBinding): readonly FieldError[] =>
    old === undefined || jsonEqual(roleRef, old.roleRef) ? [] : [invalid('roleRef', roleRef, 'cannot change roleRef')],
};
export const RoleBinding: Kind<RoleBinding> = defineKind({ group, version, kind: 'RoleBinding', ...bindingRules });
export const ClusterRoleBinding: Kind<RoleBinding> = defineKind({
  group,
  version,
  kind: 'ClusterRoleBinding',
  scope: 'Cluster',
  ...bindingRules,
});
