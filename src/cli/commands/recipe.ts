import type { Command } from 'commander';
import type { Recipes } from '../../compose.ts';
import { MillError } from '../../core/errors.ts';
import { checkRecipe, type RecipeProblem } from '../../core/recipe/lint.ts';
import { recipeReference } from '../../core/recipe/reference.ts';
import { recipeToToml } from '../../core/recipe/toml.ts';
import { EXIT_FAILED } from '../failure.ts';
import { note, paint, print, printJson, printTable } from '../output.ts';
import { namedRecipe, readRecipeFile } from '../recipe-text.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { registry } from '../task-commands.ts';
import { addRecipeEnqueue } from './recipe-enqueue.ts';
import { addRecipeRun } from './recipe-run.ts';
import { addRecipeRuns } from './recipe-runs.ts';

export function addRecipe(program: Command): void {
  const recipe = program
    .command('recipe')
    .description(
      'Recipes: many outputs of one source, in one pass. Only `enqueue`, `watch`, `retry` and `cancel` need a server.',
    );
  addList(recipe);
  addShow(recipe);
  addRecipeRun(recipe);
  addRecipeEnqueue(recipe);
  addRecipeRuns(recipe);
  addLint(recipe);
  addSave(recipe);
  addRemove(recipe);
}

export async function openRecipes(command: Command): Promise<Recipes> {
  const { config } = loadSettings(command);
  const { composeRecipes } = await import('../../compose.ts');
  return composeRecipes({ config, registry: registry() });
}

function addList(recipe: Command): void {
  const list = recipe
    .command('list', { isDefault: true })
    .description('List the recipes that come with the program, and your own.')
    .option('--json', 'print the recipes as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const entries = await (await openRecipes(list)).list();
      if (json) return printJson({ recipes: entries });
      printTable(
        ['NAME', 'VERSION', 'STEPS', 'TITLE'],
        entries.map(({ name, version, shipped, recipe: content, problem }) => [
          name,
          shipped ? 'shipped' : String(version),
          content ? String(content.steps.length) : '',
          content ? (content.title ?? '') : paint('red', problem ?? ''),
        ]),
      );
    });
  addConfigFlags(list, []);
}

function addShow(recipe: Command): void {
  const show = recipe
    .command('show')
    .description('Print a recipe as TOML, to read it or to begin one of your own with.')
    .argument('<name>', 'name of the recipe; NAME@3 for one of its versions')
    .option('--json', 'print it as JSON, with its version')
    .action(async (word: string, { json }: { json?: boolean }) => {
      const recipes = await openRecipes(show);
      const { name, version } = recipeReference(word);
      const saved = await recipes.get(name, version);
      if (json) return printJson({ ...saved, versions: await recipes.versions(name) });
      print(recipeToToml(saved.recipe).trimEnd());
    });
  addConfigFlags(show, []);
}

function addLint(recipe: Command): void {
  const lint = recipe
    .command('lint')
    .description('Check a recipe without running it. Tells all that is wrong at once.')
    .argument('<file|name>', 'file in TOML or JSON, or the name of a recipe')
    .option('--json', 'print {ok, problems} as JSON')
    .action(async (word: string, { json }: { json?: boolean }) => {
      const problems = await problemsOf(lint, word);
      if (problems.length > 0) process.exitCode = EXIT_FAILED;
      if (json) return printJson({ ok: problems.length === 0, problems });
      for (const { step, field, message } of problems) {
        print(`${paint('red', step === null ? 'recipe' : `step ${step}`)}  ${field}: ${message}`);
      }
      if (problems.length === 0) print(`${word} is fine.`);
    });
  addConfigFlags(lint, []);
}

async function problemsOf(command: Command, word: string): Promise<RecipeProblem[]> {
  try {
    await namedRecipe(await openRecipes(command), word);
    return [];
  } catch (error) {
    if (error instanceof MillError && error.code === 'invalid_recipe') {
      return (error.facts?.problems ?? []) as RecipeProblem[];
    }
    throw error;
  }
}

function addSave(recipe: Command): void {
  const save = recipe
    .command('save')
    .description('Save a recipe under a name. Earlier versions stay; `show NAME@1` prints the first.')
    .argument('<name>', 'small letters, digits, - and _; that of a shipped recipe takes its place')
    .argument('<file>', 'file in TOML or JSON')
    .option('--json', 'print the saved recipe as JSON')
    .action(async (name: string, file: string, { json }: { json?: boolean }) => {
      const content = checkRecipe(readRecipeFile(file), registry());
      const saved = await (await openRecipes(save)).put(name, content);
      if (json) printJson(saved);
      else print(`${saved.name}  version ${saved.version}`);
    });
  addConfigFlags(save, []);
}

function addRemove(recipe: Command): void {
  const remove = recipe
    .command('remove')
    .description('Remove a recipe of your own. Its versions can still be shown.')
    .argument('<name>', 'name of the recipe')
    .action(async (name: string) => {
      await (await openRecipes(remove)).remove(name);
      note(`${name} removed`);
    });
  addConfigFlags(remove, []);
}
