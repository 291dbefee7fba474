/** What a kind's schema is called: `io.k8s.api.core.v1.Pod`, `dev.kf.v1alpha1.Task`. */
export function schemaName({ group, version, kind }: { group: string; version: string; kind: string }): string {
  const prefix = group === '' ? 'io.k8s.api.core' : group.split('.').reverse().join('.');
  return `${prefix}.${version}.${kind}`;
}
