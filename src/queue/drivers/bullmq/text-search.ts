/** How text is searched for in Redis: upper and lower case are the same for ASCII letters, as in the embedded queue. */

/** Lua: does a record hold the text, given in lower case? Of an error its words count, not the names of its fields. */
export const HOLDS = `
local function holds(value, text)
  return value and string.find(string.lower(value), text, 1, true) ~= nil
end
local function jobHolds(id, text)
  local v = C('HMGET', P .. 'job:' .. id, 'id', 'task', 'input_path', 'output_path', 'error')
  if holds(v[1], text) or holds(v[2], text) or holds(v[3], text) or holds(v[4], text) then return true end
  if not v[5] then return false end
  local error = cjson.decode(v[5])
  return holds(error.detail, text) or holds(error.title, text) or holds(error.code, text)
end
`;

export function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
