/** "1 part", "2 parts". `many` is for nouns that do not just take an s. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}
