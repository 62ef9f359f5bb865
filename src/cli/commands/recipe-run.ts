import type { Command } from 'commander';
import type { StepReport } from '../../compose.ts';
import { MillError } from '../../core/errors.ts';
import type { Progress } from '../../core/plan.ts';
import { stepJobs } from '../../core/recipe/steps.ts';
import { printExplanation } from '../explain-view.ts';
import { EXIT_FAILED } from '../failure.ts';
import { printJson } from '../output.ts';
import { progressLine } from '../progress-line.ts';
import { namedRecipe } from '../recipe-text.ts';
import { addConfigFlags, loadSettings } from '../settings.ts';
import { abortOnSignals } from '../signals.ts';
import { printStep } from '../step-line.ts';
import { registry } from '../task-commands.ts';

interface RunOptions {
  json?: boolean;
  explain?: boolean;
}

export function addRecipeRun(recipe: Command): void {
  const run = recipe
    .command('run')
    .description(
      'Run a recipe here and now on your own files. A step that fails leaves the others; the exit code is then 1.',
    )
    .argument('<name|file>', 'name of a recipe, NAME@3 for one of its versions, or a file in TOML or JSON')
    .argument('<input>', 'file that the steps read; any path you may read')
    .argument('[outdir]', 'folder for all outputs; made when it is missing')
    .option('--explain', 'print how it would be done, and do nothing; needs no folder')
    .option('--json', 'print what became of every step as JSON and nothing else')
    .action(async (word: string, input: string, folder: string | undefined, options: RunOptions) => {
      const { config } = loadSettings(run);
      const { composeRecipes, explainHere, runRecipeHere } = await import('../../compose.ts');
      const recipes = await composeRecipes({ config, registry: registry() });
      const named = await namedRecipe(recipes, word);
      if (options.explain) {
        const steps = stepJobs(named.recipe, registry(), { input, folder: folder ?? 'out' });
        const explanation = await explainHere(steps, { config, signal: abortOnSignals() });
        return options.json ? printJson(explanation) : printExplanation(explanation);
      }
      if (folder === undefined) {
        throw new MillError('invalid_request', 'Name a folder for the outputs after the input, such as out.');
      }
      const shown = options.json ? {} : showSteps();
      const steps = await runRecipeHere(
        { recipe: named.recipe, input, folder },
        { config, signal: abortOnSignals(), ...shown },
      );
      const success = steps.every(({ status }) => status === 'finished');
      if (!success) process.exitCode = EXIT_FAILED;
      if (options.json) {
        printJson({ success, recipe: named.label, input_path: input, output_path: folder, steps });
      }
    });
  addConfigFlags(run, []);
}

/** A line for each step when it ends, and on a terminal one that tells how far those are that run. */
function showSteps() {
  let line = progressLine('');
  let running: string[] = [];
  const far = new Map<string, Progress>();
  return {
    onStart(steps: readonly string[]) {
      running = [...steps];
      far.clear();
      line = progressLine(steps.join(' + '));
    },
    onProgress(step: string, progress: Progress) {
      far.set(step, progress);
      const percents = running.map((id) => far.get(id)?.percent ?? 0);
      const percent = percents.reduce((sum, one) => sum + one, 0) / Math.max(1, percents.length);
      line.update(running.length > 1 ? { ...progress, percent } : progress);
    },
    onEnd({ id, error, output_path, result }: StepReport) {
      line.clear();
      const { duration_ms: ms = 0, output_size_bytes: bytes = 0 } = result?.metrics ?? {};
      printStep({
        id,
        error: error ?? null,
        message: result?.message ?? null,
        output_path: output_path ?? null,
        output_size_bytes: bytes,
        seconds: ms / 1000,
        warnings: result?.warnings,
      });
    },
  };
}
