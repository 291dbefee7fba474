/** A failed Build's message for where a tip, which knows the server's flags too, says how to see the log. Pure. */
export const withoutLogHint = (message = ''): string => message.replace(/; see: kf build-logs .*$/s, '');
