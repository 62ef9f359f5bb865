// Sets theme and density before anything is painted; a file of its own because the policy allows no inline script.
(() => {
  const root = document.documentElement;
  let stored = {};
  try {
    stored = JSON.parse(localStorage.getItem('mediamill.look') ?? '{}') ?? {};
  } catch {
    // A browser that keeps nothing follows the system.
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme =
    stored.theme === 'light' || stored.theme === 'dark' ? stored.theme : dark ? 'dark' : 'light';
  if (stored.density === 'compact') root.dataset.density = 'compact';
})();
