// The numbers of residents: pairs that runsvdir supervises in its own process, where others have a runsv, and so a process number.
//
// Pure and total. Read next: model.ts (where such a number stands), ../../effects/scan/residents.ts (whose numbers these are).

/** Linux's PID_MAX_LIMIT: no process has a higher number. */
const LAST_PID = 4194304;

/** Whether a number is a resident's, and no process's. */
export const isResident = (pid: number): boolean => pid > LAST_PID;

export const nextResident = (last: number): number => (isResident(last) ? last : LAST_PID) + 1;
