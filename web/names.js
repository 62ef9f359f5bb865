/** What files were called here: the server gives uploads names of its own. Kept in this browser only. */
const KEY = 'mediamill.names';
const MOST = 500;

let names = read();

function read() {
  try {
    return new Map(JSON.parse(localStorage.getItem(KEY) ?? '[]'));
  } catch {
    return new Map();
  }
}

/** @param {string} id @param {string} name */
export function remember(id, name) {
  names.set(id, name);
  names = new Map([...names].slice(-MOST));
  try {
    localStorage.setItem(KEY, JSON.stringify([...names]));
  } catch {
    // A browser that keeps nothing shows the server's names.
  }
}

/** @param {string} id */
export const nameOf = (id) => names.get(id);
