// The one wait that no event can stand for: a service must have a certain age.

/** A supervisor treats a service younger than a second in a way of its own; this is beyond it. */
export const GROWN_MS = 1300;
