import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRegistry } from '../../src/core/registry.ts';
import { jobs } from '../../src/jobs/index.gen.ts';
import openRecipesFolder from '../../src/recipes/folder.ts';
import type { Recipes } from '../../src/recipes/port.ts';

const registry = createRegistry(jobs);
let root: string;
let recipes: Recipes;

const open = () => openRecipesFolder({ folder: join(root, 'own'), shipped: join(root, 'shipped'), registry });
const height = (value: number) => ({
  title: `To ${value}`,
  steps: [{ id: 'small', task: 'resize_to_720p', params: { height: value, crf: 20.5 } }],
});
const SHIPPED = '[[steps]]\nid = "a"\ntask = "calculate_sha256"\n';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mill-recipes-'));
  await mkdir(join(root, 'shipped'));
  await writeFile(join(root, 'shipped/check.toml'), SHIPPED);
  recipes = open();
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('recipes in a folder', () => {
  test('come back as they were saved, also to the next process', async () => {
    const saved = await recipes.put('small', height(480));
    expect(saved).toMatchObject({ name: 'small', version: 1, shipped: false });
    const read = await open().get('small');
    expect(read).toMatchObject({ version: 1, recipe: height(480) });
    expect(await readFile(join(root, 'own/small.toml'), 'utf8')).toMatch(/\[\[steps\]\]\nid = "small"/);
  });

  test('keep every version, and never use a number again', async () => {
    for (const value of [100, 200, 300]) await recipes.put('small', height(value));
    expect(await recipes.versions('small')).toEqual([1, 2, 3]);
    expect((await recipes.get('small', 2)).recipe).toMatchObject(height(200));
    expect((await recipes.get('small')).version).toBe(3);
    await recipes.remove('small');
    await expect(recipes.get('small')).rejects.toMatchObject({ code: 'recipe_not_found' });
    expect((await recipes.get('small', 3)).recipe).toMatchObject(height(300));
    expect(await recipes.put('small', height(400))).toMatchObject({ version: 4 });
    await expect(recipes.get('small', 9)).rejects.toThrow('"small" has no version 9.');
  });

  test('that were edited by hand are a new version', async () => {
    await recipes.put('small', height(100));
    await writeFile(join(root, 'own/small.toml'), SHIPPED);
    expect(await recipes.get('small')).toMatchObject({ version: 2, recipe: { steps: [{ id: 'a' }] } });
    expect(await recipes.versions('small')).toEqual([1, 2]);
    expect((await recipes.get('small', 1)).recipe).toMatchObject(height(100));
  });

  test('saved under the name of a shipped one take its place until they are removed', async () => {
    expect(await recipes.get('check')).toMatchObject({ version: 0, shipped: true, saved_at: null });
    await recipes.put('check', height(100), 0);
    expect(await recipes.get('check')).toMatchObject({ version: 1, shipped: false });
    expect(await recipes.get('check', 0)).toMatchObject({ shipped: true });
    expect(await recipes.versions('check')).toEqual([0, 1]);
    await recipes.remove('check');
    expect(await recipes.get('check')).toMatchObject({ version: 0, shipped: true });
    await expect(recipes.remove('check')).rejects.toMatchObject({ code: 'conflict' });
  });

  test('refuse a save that was made from an older version', async () => {
    await recipes.put('small', height(100), 0);
    await recipes.put('small', height(200), 1);
    await expect(recipes.put('small', height(300), 1)).rejects.toMatchObject({
      code: 'conflict',
      facts: { expected: 1, present: 2 },
    });
    await expect(recipes.put('new', height(300), 1)).rejects.toMatchObject({ code: 'conflict' });
    expect((await recipes.get('small')).recipe).toMatchObject(height(200));
  });

  test('saved at once by several processes get numbers of their own', async () => {
    const others = [recipes, open(), open(), open()];
    const saved = await Promise.all(others.map((one, index) => one.put('small', height(100 + 2 * index))));
    expect(saved.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4]);
    expect(await recipes.versions('small')).toEqual([1, 2, 3, 4]);
    for (const { version, recipe } of saved)
      expect((await recipes.get('small', version)).recipe).toEqual(recipe);
  });

  test('that cannot work are not saved', async () => {
    const bad = { steps: [{ id: 'a', task: 'nothing' }] };
    await expect(recipes.put('bad', bad)).rejects.toMatchObject({ code: 'invalid_recipe' });
    await expect(recipes.put('../bad', height(100))).rejects.toMatchObject({ code: 'invalid_recipe' });
    await expect(recipes.put('BAD', height(100))).rejects.toMatchObject({ code: 'invalid_recipe' });
    const empty = { steps: [{ id: 'a', task: 'resize_to_720p', params: { options: { x: null } } }] };
    await expect(recipes.put('bad', empty)).rejects.toMatchObject({ code: 'invalid_recipe' });
    expect((await recipes.list()).map(({ name }) => name)).toEqual(['check']);
  });

  test('in a list stand with their problem when a file is broken', async () => {
    await recipes.put('small', height(100));
    await writeFile(join(root, 'own/broken.toml'), '[[steps]\n');
    await writeFile(join(root, 'own/Not A Name.toml'), SHIPPED);
    const list = await recipes.list();
    expect(list.map(({ name, shipped, problem }) => [name, shipped, problem !== null])).toEqual([
      ['broken', false, true],
      ['check', true, false],
      ['small', false, false],
    ]);
    expect(list[0]?.problem).toMatch(/^broken: line 1, column \d+: not valid TOML/);
    await expect(recipes.get('broken')).rejects.toMatchObject({ code: 'invalid_recipe' });
  });

  test('that are not there are told with the nearest name', async () => {
    await expect(recipes.get('chek')).rejects.toThrow('There is no recipe "chek". Did you mean "check"?');
    await expect(recipes.get('../shipped/check')).rejects.toMatchObject({ code: 'recipe_not_found' });
  });
});
