// The numbers of residents: pairs that runsvdir supervises in its own process, where others have a runsv, and so a process number.
//
// Pure and total. Read next: model.ts (where such a number stands), ../../effects/scan/residents.ts (whose numbers these are).

/** Above Linux's PID_MAX_LIMIT: no process has such a number. */
export const FIRST_RESIDENT = 4194305;

/** Whether a number is a resident's, and no process's. */
export const isResident = (pid: number): boolean => pid >= FIRST_RESIDENT;
