import { useState } from 'react';

/** Keeps what is ticked under a name. */
export function SaveRecipe({ save }: { save(name: string): Promise<boolean> }) {
  const [name, setName] = useState('');
  return (
    <form
      className="flex items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === '') return;
        void save(name.trim()).then((done) => done && setName(''));
      }}
    >
      <input
        type="text"
        className="field max-w-[260px]"
        placeholder="Keep these outputs as a recipe"
        aria-label="Name of the recipe"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" className="btn" aria-disabled={name.trim() === '' || undefined}>
        Keep
      </button>
    </form>
  );
}
