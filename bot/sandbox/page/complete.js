// What the composer may suggest at the caret. Pure.

/**
 * @typedef {{label: string, help?: string, insert: string}} Suggestion
 * @typedef {object} Suggestions
 * @property {'command'|'person'|'channel'} kind
 * @property {number} from where the text to replace begins
 * @property {Suggestion[]} items
 * @property {boolean} eager whether Enter takes the first without asking
 */

const most = 8;

/**
 * Suggests completions for the text before the caret, or null.
 * @param {string} before
 * @param {{commands: {text: string, help: string}[], people: {name: string, real_name: string}[], channels: {name: string}[]}} known
 * @returns {Suggestions|null}
 */
export function suggest(before, known) {
  const word = before.match(/(?:^|[\s(])([@#])([\p{L}\p{N}._-]*)$/u);
  if (word) return names(word[1], word[2].toLowerCase(), before.length - word[2].length - 1, known);
  if (/^\/[^\n]*$/.test(before)) return commands(before, known.commands);
  return null;
}

function names(sign, typed, from, { people, channels }) {
  const pool = sign === '@' ? people.map((p) => ({ name: p.name, help: p.real_name })) : channels.map((c) => ({ name: c.name, help: '' }));
  const rank = (n) => (n.name.toLowerCase().startsWith(typed) ? 0 : 1);
  const items = pool.filter((n) => `${n.name} ${n.help}`.toLowerCase().includes(typed))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, most)
    .map((n) => ({ label: sign + n.name, help: n.help, insert: `${sign}${n.name} ` }));
  return items.length ? { kind: sign === '@' ? 'person' : 'channel', from, items, eager: true } : null;
}

/** Hints stay while arguments are typed: the form to follow is what a person needs then. */
function commands(typed, hints) {
  const items = hints.map((hint) => ({ hint, stem: stem(hint.text) }))
    .filter(({ hint, stem }) => fits(typed, stem, hint.text))
    .slice(0, 40)
    .map(({ hint, stem }) => ({ label: hint.text, help: hint.help, insert: stem }));
  return items.length ? { kind: 'command', from: 0, items, eager: !typed.includes(' ') && !hints.some((h) => h.text.split(' ')[0] === typed) } : null;
}

/** The hint up to its first placeholder: "/incident note TEXT" gives "/incident note ". */
export function stem(text) {
  const words = text.split(' ');
  const end = words.findIndex((w) => /^[[<@#"“…]|[A-Z|…]/.test(w));
  return end < 0 ? text : `${words.slice(0, end).join(' ')} `;
}

/** Still being typed, or typed and now taking its arguments. */
function fits(typed, stem, text) {
  const t = typed.toLowerCase();
  const s = stem.toLowerCase();
  if (s.startsWith(t) || text.toLowerCase().startsWith(t)) return true;
  return stem !== text && s.trim().includes(' ') && t.startsWith(s);
}
