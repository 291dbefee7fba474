/** Every exit code of `kf`, in one place. With `--wait` a task's own code is passed on, so the last line says which it was. */

export const exitCodes = {
  ok: 0,
  /** Any error, and with `--wait` nothing else but a task's own 1. */
  error: 1,
  /** `--wait`: terminated or lost to the machine: evicted, rebooted, disk. */
  lost: 122,
  /** `--wait`: the watch was lost or stopped (Ctrl-C) while the task goes on. */
  watchLost: 123,
  /** `--wait`: the task's time limit. */
  timedOut: 124,
  /** `--wait`: nothing was started: bad input, refused, server out of reach, image or command cannot start. */
  notStarted: 125,
  /** Ctrl-C where no task's outcome is reported: 128 + SIGINT. */
  interrupted: 130,
  /** `--wait`: terminated by a person: 128 + SIGTERM. */
  terminated: 143,
} as const;
