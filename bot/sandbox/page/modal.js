// Modals: the top of a person's stack of views, as a dialog that follows the server
// without losing what was typed.

import { fill, h, reconcile } from './dom.js';
import { block } from './blocks.js';
import { icon } from './icons.js';
import { plainText } from './mrkdwn.js';

/**
 * @typedef {object} ModalActs
 * @property {(view: object, action: object) => Promise<void>} click
 * @property {(view: object, values: Record<string, string|string[]>) => Promise<Record<string, string>|undefined>} submit takes values by "block_id/action_id" and gives errors by block_id
 * @property {(view: object) => Promise<void>} close
 *
 * @param {ModalActs} acts
 * @returns {(view: object|undefined, model: import('./model.js').Model) => void} shows this view, or none
 */
export function createModal(acts) {
  let open;
  return (view, model) => {
    const owner = view && `${model.me} ${view.id}`;
    if (open && open.owner !== owner) {
      open.end();
      open = undefined;
    }
    if (!view) return;
    open ??= openView(owner, acts);
    open.update(view, model);
  };
}

function openView(owner, acts) {
  let view;
  let drawn = '';
  let refused = '{}'; // the server's errors as last shown: an unrelated update must not wipe our own
  let ended = false;
  /** @type {Map<string, {block: object, element: object, field: import('./elements.js').Field}>} */
  const fields = new Map();

  const title = h('h2', { id: 'modal-title' });
  const body = h('div', { class: 'modal-body' });
  const problem = h('p', { class: 'modal-problem', role: 'alert' });
  const submitButton = h('button', { type: 'submit', class: 'btn primary', 'data-testid': 'modal-submit' });
  const closeButton = h('button', { type: 'button', class: 'btn', 'data-testid': 'modal-close', onclick: () => leave() });
  const form = h('form', { novalidate: true, onsubmit: onSubmit },
    h('header', { class: 'dialog-header' }, title, h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => leave() }, icon('close'))),
    body, problem, h('footer', { class: 'dialog-footer' }, closeButton, submitButton));
  const dialog = h('dialog', { class: 'dialog modal', 'aria-labelledby': 'modal-title', 'data-testid': 'modal' }, form);
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    leave();
  });
  // The browser closes a dialog on a second Esc whatever the page says; the server must hear of it.
  dialog.addEventListener('close', () => ended || leave());
  document.body.append(dialog);

  function update(next, model) {
    view = next;
    const signature = JSON.stringify([next.hash, next.blocks, next.title, next.submit, next.close]);
    if (signature !== drawn) draw(model);
    drawn = signature;
    const errors = JSON.stringify(next.errors ?? {});
    if (errors !== refused) showErrors(next.errors ?? {});
    refused = errors;
    if (!dialog.open) {
      dialog.showModal();
      focusFirst();
    }
  }

  function draw(model) {
    title.textContent = plainText(view.title);
    closeButton.textContent = plainText(view.close) || 'Close';
    submitButton.textContent = plainText(view.submit) || 'Submit';
    submitButton.hidden = !view.submit;
    const surface = { model, act: (action) => doing(acts.click(view, action)), addField };
    reconcile(body, view.blocks.map((b, i) => ({ b, id: b.block_id ?? `#${i}` })), {
      key: ({ id }) => id,
      signature: ({ b }) => JSON.stringify(b),
      make: ({ b }) => block(b, surface),
    });
    for (const [key, { field }] of fields) if (!field.node.isConnected) fields.delete(key);
  }

  /** A field that replaces one of the same name and kind takes over what was entered. */
  function addField(b, e, field) {
    const key = `${b.block_id} ${e.action_id}`;
    const old = fields.get(key);
    if (old && old.element.type === e.type) field.write(old.field.read());
    fields.set(key, { block: b, element: e, field });
  }

  async function onSubmit(event) {
    event.preventDefault();
    if (submitButton.getAttribute('aria-busy')) return;
    const missing = requiredButEmpty();
    showErrors(missing);
    if (Object.keys(missing).length) return focusError();
    const values = Object.fromEntries([...fields.values()].map(({ block, element, field }) => [`${block.block_id}/${element.action_id}`, field.read()]));
    await doing((async () => {
      const errors = await acts.submit(view, values);
      if (!errors) return;
      showErrors(errors);
      focusError();
    })());
  }

  const requiredButEmpty = () => Object.fromEntries([...fields.values()]
    .filter(({ block, field }) => block.type === 'input' && !block.optional && field.read().length === 0)
    .map(({ block }) => [block.block_id, 'Please fill this in.']));

  function showErrors(errors) {
    for (const node of body.querySelectorAll('.block-input')) {
      const words = errors[node.dataset.blockId] ?? '';
      const slot = node.querySelector('.field-error');
      if (slot.textContent !== words) slot.textContent = words;
      const control = document.getElementById(slot.id.replace(/-error$/, ''));
      if (words) control?.setAttribute('aria-invalid', 'true');
      else control?.removeAttribute('aria-invalid');
    }
  }

  async function doing(work) {
    problem.textContent = '';
    submitButton.setAttribute('aria-busy', 'true');
    try {
      await work;
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      submitButton.removeAttribute('aria-busy');
    }
  }

  const leave = () => doing(acts.close(view));
  const first = (selector) => body.querySelector(selector);
  const focusFirst = () => (first('input, select, textarea') ?? (submitButton.hidden ? closeButton : submitButton)).focus();
  const focusError = () => (first('[aria-invalid]')?.matches('div') ? first('[aria-invalid] input') : first('[aria-invalid]'))?.focus();

  function end() {
    ended = true;
    dialog.close();
    dialog.remove();
  }

  return { owner, update, end };
}
