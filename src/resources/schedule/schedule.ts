/** The contract of a schedule: what it is made of. Pure; semantics in docs/schedules.md. */

/** A parsed expression, from `parseSchedule` only. Either `fields` or `every` is there. */
export interface Schedule {
  /** As given, normalised: `TZ=` prefix taken off, one blank between fields, names kept. */
  readonly expression: string;
  /** From a `TZ=` or `CRON_TZ=` prefix; it goes before the zone of the options. */
  readonly timeZone?: string;
  /** `@every D`, in milliseconds, whole minutes: counted from an instant instead of matched against local time. */
  readonly every?: number;
  /** What local time is matched against. */
  readonly fields?: Fields;
}

/** Matching values, ascending. Months are 1-12, weekdays 0-6 from Sunday. */
export interface Fields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  readonly weekdays: readonly number[];
  /** Day of month and day of week are both restricted: a day matches when either does. */
  readonly eitherDay: boolean;
  /** The minute or the hour field begins with `*`: follows the clock through its changes, instead of once per date. */
  readonly interval: boolean;
}

export type ParsedSchedule =
  | { readonly ok: true; readonly schedule: Schedule }
  | {
      readonly ok: false;
      /** Why, and the nearest valid form where there is one; to be read after "Invalid value: …:". */
      readonly reason: string;
      /** The nearest valid form alone. */
      readonly nearest?: string;
    };

export interface FireOptions {
  /** IANA zone in which fields are matched, unless the schedule has its own. */
  readonly timeZone: string;
  /** Milliseconds since the epoch: where `@every` counts from, rounded down to its minute. Fields do not look at it. */
  readonly since: number;
}

export const minute = 60_000;
export const day = 86_400_000;
