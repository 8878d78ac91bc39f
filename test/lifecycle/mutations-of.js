// A list of faults in one file of src/lifecycle: the rule that is broken, what stands there, and what in its place.

export function mutationsOf(file, ...list) {
  return list.map(([rule, find, replace]) => ({ rule, file, find, replace }));
}
