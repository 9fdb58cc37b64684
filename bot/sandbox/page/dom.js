// Building and updating the document. Strings always become text nodes: nothing
// that came from a message can turn into markup, a script or a style.

/**
 * Builds an element. A function is a listener (`onclick`), true is a bare
 * attribute, false, null and undefined leave the attribute out.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node|string|null|undefined|false|Array)} children
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...present(children));
  return node;
}

/** The children that are something: nested lists flattened, null and false left out. */
const present = (children) => children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== '');

/** Replaces everything inside a node. */
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
  return node;
}

/** The element with this id; the page cannot work without it. */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`index.html has no #${id}`);
  return node;
}

/** The last signature each kept element was made from. */
const made = new WeakMap();

/**
 * Makes parent's children match items, touching only what changed: an element
 * whose signature is the same stays as it is, so typing, focus, selection and
 * scroll position survive every update from the server.
 * @template T
 * @param {Element} parent holds nothing but these children
 * @param {T[]} items
 * @param {{key: (item: T) => string, signature: (item: T) => string, make: (item: T) => Element}} how
 */
export function reconcile(parent, items, { key, signature, make }) {
  const kept = new Map();
  for (const child of parent.children) kept.set(made.get(child)?.key, child);
  let at = parent.firstElementChild;
  for (const item of items) {
    const k = key(item);
    const s = signature(item);
    const old = kept.get(k);
    kept.delete(k);
    if (old && made.get(old).signature === s) {
      if (old === at) at = at.nextElementSibling;
      else parent.insertBefore(old, at);
      continue;
    }
    const fresh = make(item);
    made.set(fresh, { key: k, signature: s });
    if (old) {
      if (old === at) at = at.nextElementSibling;
      replaceKeepingFocus(old, fresh);
      if (fresh.nextElementSibling !== at) parent.insertBefore(fresh, at);
    } else {
      parent.insertBefore(fresh, at);
    }
  }
  for (const gone of kept.values()) gone.remove();
}

/** Swaps an element for its newer self; focus moves to the same control (`data-focus`) in it. */
function replaceKeepingFocus(old, fresh) {
  const active = document.activeElement;
  const had = old.contains(active);
  const name = had && active !== old ? active.dataset.focus : undefined;
  old.replaceWith(fresh);
  if (!had) return;
  const same = name && [...fresh.querySelectorAll('[data-focus]')].find((n) => n.dataset.focus === name);
  const target = same || fresh;
  if (target === fresh && !fresh.hasAttribute('tabindex')) fresh.setAttribute('tabindex', '-1');
  target.focus({ preventScroll: true });
}

/**
 * Arrow keys, Home and End move focus among the children that match; exactly
 * one of them is in the tab order.
 * @param {Element} container
 * @param {string} selector
 * @param {{horizontal?: boolean}} [options]
 */
export function roving(container, selector, { horizontal = false } = {}) {
  const steps = horizontal ? { ArrowLeft: -1, ArrowRight: 1 } : { ArrowUp: -1, ArrowDown: 1 };
  container.addEventListener('keydown', (event) => {
    if (!event.target.matches(selector)) return;
    const all = [...container.querySelectorAll(selector)].filter((n) => n.checkVisibility());
    const here = all.indexOf(event.target);
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1 : here + (steps[event.key] ?? NaN);
    if (!all[next]) return;
    event.preventDefault();
    for (const n of all) n.tabIndex = -1;
    all[next].tabIndex = 0;
    all[next].focus();
  });
}

/** A link's address if a person may safely follow it, else null. */
export function safeURL(address) {
  try {
    const url = new URL(address, location.href);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
