// What floats above the page: menus, questions and short notices. Dialogs are the
// browser's own <dialog>: it keeps focus inside, closes on Esc and gives focus back.

import { byId, fill, h, roving } from './dom.js';
import { icon } from './icons.js';
import { plainText, textObject } from './mrkdwn.js';

/** Says something briefly; kind 'error' stays longer. */
export function toast(text, kind = 'note') {
  const close = h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', onclick: () => note.remove() }, icon('close'));
  const note = h('div', { class: `toast toast-${kind}` }, h('span', {}, text), close);
  const all = byId('toasts');
  all.append(note);
  while (all.children.length > 3) all.firstElementChild.remove();
  setTimeout(() => note.remove(), kind === 'error' ? 12000 : 5000);
}

/** Shows a rejected promise to the person; every act of a person goes through here. */
export const report = (error) => toast(error.message, 'error');

/**
 * Opens a menu at a button. Arrow keys move, Esc closes, focus goes back.
 * @param {HTMLElement} anchor
 * @param {{label: string, hint?: string, glyph?: string, danger?: boolean, actionId?: string, value?: string, run: () => void}[]} items
 */
export function openMenu(anchor, items, label) {
  const menu = h('div', { class: 'menu', role: 'menu', popover: 'auto', 'aria-label': label },
    items.map((item, i) => h('button', {
      type: 'button', role: 'menuitem', class: item.danger ? 'danger' : null, tabindex: i ? '-1' : '0',
      'data-action-id': item.actionId, 'data-value': item.value,
      onclick: () => {
        menu.hidePopover();
        item.run();
      },
    }, item.glyph && h('span', { class: 'glyph', 'aria-hidden': 'true' }, item.glyph), h('span', {}, item.label), item.hint && h('small', {}, item.hint))));
  menu.addEventListener('toggle', (event) => {
    if (event.newState !== 'closed') return;
    anchor.setAttribute('aria-expanded', 'false');
    const mine = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    if (mine) anchor.focus({ preventScroll: true });
  });
  roving(menu, '[role=menuitem]');
  // Inside an open dialog, so that the dialog's focus trap includes the menu.
  (anchor.closest('dialog') ?? document.body).append(menu);
  menu.showPopover();
  place(menu, anchor.getBoundingClientRect());
  anchor.setAttribute('aria-expanded', 'true');
  menu.querySelector('[role=menuitem]')?.focus();
}

/** Below the anchor if there is room, else above; always inside the window. */
function place(menu, at) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 4 + height <= innerHeight;
  menu.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - height - 4)}px`;
  menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
}

/**
 * A small dialog with a title, a body and its own buttons; it removes itself when closed.
 * @param {string} title
 * @param {(close: () => void) => (Node|string|null|Array)} content
 */
export function openDialog(title, content, attributes = {}) {
  const dialog = h('dialog', { class: 'dialog', 'aria-label': title, ...attributes });
  const close = () => dialog.close();
  fill(dialog, h('header', { class: 'dialog-header' }, h('h2', {}, title),
    h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: close }, icon('close'))), content(close));
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('mousedown', (event) => event.target === dialog && close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks a Block Kit confirmation. Resolves to whether the person said yes.
 * @param {object} [confirm] a confirm object; none means yes
 */
export function confirmed(confirm, model) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    let yes = false;
    const dialog = openDialog(plainText(confirm.title), (close) => [
      h('p', { class: 'dialog-body' }, textObject(confirm.text, model)),
      h('footer', { class: 'dialog-footer' },
        h('button', { type: 'button', class: 'btn', onclick: close }, plainText(confirm.deny) || 'Cancel'),
        h('button', {
          type: 'button', class: `btn ${confirm.style === 'danger' ? 'danger' : 'primary'}`, autofocus: true, 'data-testid': 'confirm',
          onclick: () => {
            yes = true;
            close();
          },
        }, plainText(confirm.confirm) || 'Confirm')),
    ], { 'data-testid': 'confirm-dialog', role: 'alertdialog' });
    dialog.addEventListener('close', () => resolve(yes));
  });
}
