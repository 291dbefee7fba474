/** The contract of a schedule: when it fires. Pure; semantics in docs/schedules.md. */

/** A parsed expression. `next` and `previous` never look more than 8 years (a leap-day cycle over a century) away. */
export interface Schedule {
  /** As given, normalised (`TZ=` prefix taken off, names kept). */
  readonly expression: string;
  /** From a `TZ=` or `CRON_TZ=` prefix. */
  readonly timeZone?: string;
  /** Whether it is counted from an instant (`@every D`) instead of matched against local time. */
  readonly every?: number;
}

export type ParsedSchedule =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly reason: string };

export interface FireOptions {
  /** IANA zone in which fields are matched. */
  readonly timeZone: string;
  /** Milliseconds since the epoch: where `@every` counts from. */
  readonly since: number;
}
