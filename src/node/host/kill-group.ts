/** SIGKILL to a program and to all that it has started and that has not gone its own way. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
