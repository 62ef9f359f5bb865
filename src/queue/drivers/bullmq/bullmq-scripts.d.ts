/** BullMQ ships its Lua scripts without declarations for this form of the package. */
declare module 'bullmq/dist/cjs/scripts/index.js' {
  interface BullScript {
    /** The Lua text. */
    content: string;
    /** How many KEYS it takes. */
    keys: number;
  }
  const scripts: Record<string, BullScript>;
  export default scripts;
}
