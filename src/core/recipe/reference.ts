/** A saved recipe as it is named everywhere: `NAME` for the current version, `NAME@3` for another. */

export interface RecipeReference {
  name: string;
  /** Absent for the current one. */
  version?: number;
}

export function recipeReference(word: string): RecipeReference {
  const [, name, version] = /^([^@]*)@(\d{1,9})$/.exec(word) ?? [];
  return name === undefined ? { name: word } : { name, version: Number(version) };
}
