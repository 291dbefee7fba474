/** What processes find in their environment whatever their root is. */

/** PATH where nothing else is said. */
export const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Zone of the host, as TZ names it. */
export const hostZone = (): string => {
  // It takes a millisecond, and the process keeps the zone that it began with.
  zone ??= Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
  return zone;
};
let zone: string | undefined;
