/** Names of containers. */

/** `step-NAME`, or `step-unnamed-I` for a step without a name. */
export const stepContainer = ({ name }: { readonly name?: string }, index: number): string =>
  `step-${name || `unnamed-${index}`}`;

/** `sidecar-NAME`, or `sidecar` for the one that may go without a name. */
export const sidecarContainer = ({ name }: { readonly name?: string }): string =>
  `sidecar-${name ?? ''}`.slice(0, 63).replace(/[^a-zA-Z0-9]+$/, '');

export const isStep = (container: string): boolean => container.startsWith('step-');
export const isSidecar = (container: string): boolean => /^sidecar(-|$)/.test(container);
