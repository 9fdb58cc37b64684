// What this browser remembers between visits.

const prefix = 'tocsin.sandbox.';

/** Reads a remembered value; fallback when there is none or storage is off. */
export function recall(name, fallback) {
  try {
    return JSON.parse(localStorage.getItem(prefix + name)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Remembers a value; a browser without storage simply forgets. */
export function remember(name, value) {
  try {
    localStorage.setItem(prefix + name, JSON.stringify(value));
  } catch { /* private windows and full disks: the page works without */ }
}
