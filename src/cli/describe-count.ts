// Numbers of things for people.

/** `1 set`, `2 sets`. */
export function describeCount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
