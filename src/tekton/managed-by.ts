/** `spec.managedBy` of runs: those of another controller are left alone. Pure. */

const ourName = 'tekton.dev/pipeline';

export const isManagedHere = ({ spec }: { readonly spec: { readonly managedBy?: string } }): boolean =>
  (spec.managedBy ?? ourName) === ourName;
