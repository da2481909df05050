// The numbers of residents: pairs that runsvdir supervises in its own process. The tree has them in place of the PID of a runsv.
//
// Pure and total. Read next: model.ts (Entry.pid), ../../effects/scan/residents.ts (whose numbers these are).

/** Above Linux's PID_MAX_LIMIT, so no process has such a number. */
export const FIRST_RESIDENT = 4194305;

/** Whether a number in place of a PID is that of a resident. */
export const isResident = (pid: number): boolean => pid >= FIRST_RESIDENT;
