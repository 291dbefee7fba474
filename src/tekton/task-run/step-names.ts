/** Names of containers. */

/** `step-NAME`, or `step-unnamed-I` for a step without a name. */
export const stepContainer = ({ name }: { readonly name?: string }, index: number): string =>
  `step-${name || `unnamed-${index}`}`;

export const sidecarContainer = ({ name }: { readonly name?: string }): string => `sidecar-${name ?? ''}`;

export const isStep = (container: string): boolean => container.startsWith('step-');
export const isSidecar = (container: string): boolean => container.startsWith('sidecar-');
