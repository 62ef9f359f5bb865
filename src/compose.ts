/**
 * The composition root: chooses drivers, wires the parts, and hands them to the command line. Parts are imported
 * when they are needed, so that `mediamill run` does not wait for the HTTP server.
 */
export { explainHere } from './compose/explain-here.ts';
export { type HereOptions, type HereRequest, runHere } from './compose/here.ts';
export { type EngineReport, inspectCage, inspectEngine } from './compose/inspect.ts';
export { type KeyRing, openKeys } from './compose/keys.ts';
export { openLedger } from './compose/ledger.ts';
export { openApiDocument } from './compose/openapi.ts';
export {
  type RecipeHereOptions,
  type RecipeHereRequest,
  runRecipeHere,
  type StepReport,
} from './compose/recipe-here.ts';
export { composeRecipes } from './compose/recipes.ts';
export { composeRegistry } from './compose/registry.ts';
export { type RunningServer, startServer } from './compose/server.ts';
export { type ComposeOptions, composeServices, type Services } from './compose/services.ts';
export { type RunningWorker, startWorker, startWorkerEndpoint } from './compose/worker.ts';
export type { Recipes } from './recipes/port.ts';
export type { CageReport } from './runner/cage.ts';

/** What measures this program against another; loaded by the one command that does. */
export function loadBench() {
  return import('./bench/index.ts');
}
