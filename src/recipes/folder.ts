/**
 * Recipes in a folder: `NAME.toml` is the current one, `history/NAME/N.toml` are all versions. A file that somebody
 * puts there or edits by hand is a new version as soon as it is read.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MillError, toMillError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { checkRecipe } from '../core/recipe/lint.ts';
import { type Recipe, recipeName } from '../core/recipe/recipe.ts';
import { recipeFromToml, recipeToToml } from '../core/recipe/toml.ts';
import type { Registry } from '../core/registry.ts';
import type { RecipeEntry, Recipes, SavedRecipe } from './port.ts';

/** More is no recipe that somebody wrote. */
const MAX_BYTES = 1024 * 1024;
/** Times that a save looks for the next free number, when others save as well. */
const MAX_TRIES = 20;
const EXTENSION = '.toml';
const HISTORY = 'history';

export interface RecipesFolderOptions {
  /** Folder of the saved ones; made when the first is saved. */
  folder: string;
  /** Folder of those that come with the program. */
  shipped: string;
  registry: Registry;
}

interface Found {
  name: string;
  version: number;
  shipped: boolean;
  saved_at: string | null;
  text: string;
}

export default function openRecipesFolder({ folder, shipped, registry }: RecipesFolderOptions): Recipes {
  const currentPath = (name: string) => join(folder, name + EXTENSION);
  const historyPath = (name: string) => join(folder, HISTORY, name);
  let last: Promise<unknown> = Promise.resolve();

  async function numbers(name: string): Promise<number[]> {
    const files = await namesIn(historyPath(name));
    return files
      .map(Number)
      .filter((number) => Number.isInteger(number) && number > 0)
      .sort((a, b) => a - b);
  }

  /** The newest version with this text; null when there is none. */
  async function versionOf(name: string, text: string, known: readonly number[]): Promise<number | null> {
    for (const number of known.toReversed()) {
      if ((await readText(join(historyPath(name), `${number}${EXTENSION}`))) === text) return number;
    }
    return null;
  }

  /** The saved one, noted as a new version when it was changed by hand; null when there is none. */
  async function own(name: string): Promise<Found | null> {
    const text = await readText(currentPath(name));
    if (text === null) return null;
    const known = await numbers(name);
    let version = await versionOf(name, text, known);
    if (version === null) {
      version = (known.at(-1) ?? 0) + 1;
      // A folder that may only be read can still be used.
      await addVersion(name, text, version).catch(() => false);
    }
    const { mtime } = await stat(currentPath(name));
    return { name, version, shipped: false, saved_at: mtime.toISOString(), text };
  }

  async function current(name: string): Promise<Found | null> {
    const saved = await own(name);
    if (saved) return saved;
    const text = await readText(join(shipped, name + EXTENSION));
    return text === null ? null : { name, version: 0, shipped: true, saved_at: null, text };
  }

  async function earlier(name: string, version: number): Promise<Found | null> {
    const path =
      version === 0 ? join(shipped, name + EXTENSION) : join(historyPath(name), `${version}${EXTENSION}`);
    const text = await readText(path);
    if (text === null) return null;
    const saved_at = version === 0 ? null : (await stat(path)).mtime.toISOString();
    return { name, version, shipped: version === 0, saved_at, text };
  }

  /** False when there is such a version already. */
  async function addVersion(name: string, text: string, version: number): Promise<boolean> {
    await mkdir(historyPath(name), { recursive: true });
    const draft = await writeDraft(historyPath(name), text);
    try {
      // A link never replaces: of two that save at once, one is told.
      await link(draft, join(historyPath(name), `${version}${EXTENSION}`));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
  }

  async function save(name: string, recipe: Recipe, expected: number | undefined): Promise<SavedRecipe> {
    const text = recipeToToml(recipe);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const present = (await own(name))?.version ?? 0;
      if (expected !== undefined && expected !== present) throw outdated(name, expected, present);
      const version = Math.max(present, (await numbers(name)).at(-1) ?? 0) + 1;
      if (!(await addVersion(name, text, version))) continue;
      await replace(currentPath(name), folder, text);
      return { name, version, shipped: false, saved_at: new Date().toISOString(), recipe };
    }
    throw new MillError('conflict', `"${name}" is being saved by others; try again.`);
  }

  /** One save after the other. */
  async function alone<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  }

  function read({ text, ...found }: Found): SavedRecipe {
    return { ...found, recipe: checkRecipe(recipeFromToml(text, found.name), registry) };
  }

  function listed(found: Found): RecipeEntry {
    try {
      return { ...read(found), problem: null };
    } catch (error) {
      const { text: _, ...rest } = found;
      return { ...rest, recipe: null, problem: toMillError(error).message };
    }
  }

  async function allNames(): Promise<string[]> {
    const names = [...(await namesIn(folder)), ...(await namesIn(shipped))];
    return [...new Set(names)].filter((name) => recipeName.safeParse(name).success).sort();
  }

  async function missing(name: string): Promise<MillError> {
    const close = nearest(name, await allNames());
    const hint = close ? ` Did you mean "${close}"?` : '';
    return new MillError('recipe_not_found', `There is no recipe "${name}".${hint}`, {
      facts: { name, nearest: close },
    });
  }

  return {
    async list() {
      const found = await Promise.all((await allNames()).map(current));
      return found.flatMap((one) => (one ? [listed(one)] : []));
    },
    async get(name, version) {
      if (!recipeName.safeParse(name).success) throw await missing(name);
      const newest = await current(name);
      if (version === undefined || version === newest?.version) {
        if (newest) return read(newest);
        throw await missing(name);
      }
      const old = await earlier(name, version);
      if (old) return read(old);
      throw newest
        ? new MillError('recipe_not_found', `"${name}" has no version ${version}.`, {
            facts: { name, version },
          })
        : await missing(name);
    },
    async versions(name) {
      if (!recipeName.safeParse(name).success) return [];
      await own(name);
      const isShipped = (await readText(join(shipped, name + EXTENSION))) !== null;
      return [...(isShipped ? [0] : []), ...(await numbers(name))];
    },
    async put(name, raw, expected) {
      checkName(name);
      const recipe = checkRecipe(raw, registry);
      return alone(() => save(name, recipe, expected));
    },
    async remove(name) {
      const present = recipeName.safeParse(name).success ? await current(name) : null;
      if (!present) throw await missing(name);
      if (present.shipped) {
        throw new MillError(
          'conflict',
          `"${name}" comes with the program and cannot be removed. Save one of the same name to replace it.`,
        );
      }
      await rm(currentPath(name), { force: true });
    },
  };
}

function checkName(name: string): void {
  const parsed = recipeName.safeParse(name);
  if (parsed.success) return;
  const message = parsed.error.issues[0]?.message ?? 'is no name';
  throw new MillError('invalid_recipe', `The name "${name}" ${message}.`, {
    facts: { problems: [{ step: null, field: 'name', message }] },
  });
}

function outdated(name: string, expected: number, present: number): MillError {
  return new MillError(
    'conflict',
    `"${name}" has version ${present} now, and the change was made from version ${expected}. Look at what is new, then save again.`,
    { facts: { name, expected, present } },
  );
}

/** Names of the recipes in a folder, without extension; none when there is no folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder);
    return entries.filter((name) => name.endsWith(EXTENSION)).map((name) => name.slice(0, -EXTENSION.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unusable(error);
  }
}

/** Null when there is no such file. */
async function readText(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new MillError('invalid_recipe', 'The file is too large for a recipe.');
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof MillError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(error);
  }
}

async function writeDraft(folder: string, text: string): Promise<string> {
  const draft = join(folder, `.${randomUUID()}.draft`);
  const file = await open(draft, 'wx');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

/** In one step, and durable. */
async function replace(path: string, folder: string, text: string): Promise<void> {
  const draft = await writeDraft(folder, text);
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function unusable(error: unknown): MillError {
  return new MillError('storage_unavailable', 'The folder of the recipes cannot be read.', {
    cause: error,
    facts: { next: 'Check [recipes] path and its permissions.' },
  });
}
