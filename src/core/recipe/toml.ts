/** Recipes as people write them down: TOML, a table `[[steps]]` for each step. */
import { parse, stringify, TomlError } from 'smol-toml';
import { MillError } from '../errors.ts';
import { type Recipe, SOURCE } from './recipe.ts';

/** What the text says, unchecked. Throws `invalid_recipe` with the line for text that is no TOML. */
export function recipeFromToml(text: string, name: string): unknown {
  try {
    // Through JSON for plain objects: the parser's own have no prototype, and dates are no value of a recipe.
    return JSON.parse(JSON.stringify(parse(text)));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const why = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    const message = `line ${error.line}, column ${error.column}: not valid TOML, ${why}`;
    throw new MillError('invalid_recipe', `${name}: ${message}.`, {
      facts: { problems: [{ step: null, field: 'recipe', message }] },
      cause: error,
    });
  }
}

/** Throws `invalid_recipe` for values that TOML has no word for. */
export function recipeToToml(recipe: Recipe): string {
  for (const step of recipe.steps) {
    if (!holdsNull(step.params)) continue;
    const message = 'null cannot be saved; leave the parameter out.';
    throw new MillError('invalid_recipe', `Step "${step.id}", params: ${message}`, {
      facts: { problems: [{ step: step.id, field: 'params', message }] },
    });
  }
  const { title, description, steps } = recipe;
  const written = steps.map(({ params, from, ...step }) => ({
    ...step,
    ...(from !== SOURCE && { from }),
    // A table of its own, and so after the plain values.
    ...(Object.keys(params).length > 0 && { params }),
  }));
  return stringify({
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    steps: written,
  });
}

function holdsNull(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'object' && Object.values(value as object).some(holdsNull);
}
