/**
 * The engine: the only folder that talks to FFmpeg (node-av), and only ever inside a child process.
 * Opens a source safely, tells the facts about it, and executes a plan in one pass.
 */
export type { PlanContext } from './context.ts';
export { execute, executeTogether } from './execute.ts';
export { type Look, look } from './look.ts';
export { declarePartial, type NeedBytes } from './partial-file.ts';
export { probe } from './probe.ts';
