// Times of a day, as lists of what happened tell them.
export const clockOf = (at) => new Date(at).toLocaleTimeString([], { hour12: false }) + `.${at.slice(20, 21)}`;
