// The frame: drawer, side panel, theme, connection banner and the page-wide keys.

import { byId, fill, h } from './dom.js';
import { icon } from './icons.js';
import { remember } from './prefs.js';

const phone = matchMedia('(max-width: 760px)');
const dark = matchMedia('(prefers-color-scheme: dark)');
const titles = { lab: 'Lab', thread: 'Thread' };

/**
 * @param {{openSwitcher: () => void, toggleLab: () => void, closeSide: () => void}} acts
 */
export function createShell(acts) {
  const sidebar = byId('sidebar');
  const side = byId('side');
  const scrim = byId('scrim');
  const opener = byId('open-drawer');
  const labButton = byId('toggle-lab');
  const banner = byId('banner');
  let lost;

  fill(opener, icon('menu'));
  fill(byId('toggle-theme'), icon('theme'));
  labButton.prepend(icon('flask'));
  if (/Mac|iPhone|iPad/.test(navigator.platform)) byId('jump-key').textContent = '⌘ K';

  /** On a phone the channel list is a drawer; while it is open the rest is out of reach. */
  function setDrawer(open) {
    const drawer = phone.matches;
    sidebar.classList.toggle('open', open && drawer);
    sidebar.inert = drawer && !open;
    scrim.hidden = !(drawer && open);
    document.querySelector('.main').inert = drawer && open;
    opener.setAttribute('aria-expanded', String(open && drawer));
    if (drawer && open) (sidebar.querySelector('.channel[tabindex="0"]') ?? sidebar.querySelector('.channel'))?.focus();
  }

  function closeDrawer() {
    if (!sidebar.classList.contains('open')) return;
    setDrawer(false);
    opener.focus();
  }

  function toggleTheme() {
    const now = document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
    const next = now === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    remember('theme', next);
  }

  /** Shows a panel at the side, or none. */
  function setSide(kind, node) {
    labButton.setAttribute('aria-expanded', String(kind === 'lab'));
    side.hidden = !kind;
    if (!kind) return side.replaceChildren();
    if (side.lastElementChild === node) return undefined;
    side.setAttribute('aria-label', titles[kind]);
    return fill(side, h('header', { class: 'side-header' }, h('h2', {}, titles[kind]),
      h('button', { type: 'button', class: 'icon-button', 'aria-label': `Close ${titles[kind]}`, 'data-testid': 'close-side', onclick: acts.closeSide }, icon('close'))), node);
  }

  /** A short break says nothing; a longer one says so. */
  function setConnected(connected) {
    if (connected) {
      clearTimeout(lost);
      lost = undefined;
      banner.hidden = true;
      return;
    }
    lost ??= setTimeout(() => {
      banner.textContent = 'The sandbox does not answer. Trying again…';
      banner.hidden = false;
    }, 1000);
  }

  function setBot(bot) {
    const status = byId('bot-status');
    const words = bot.connected > 0 ? `${bot.name} is connected` : `${bot.name ?? 'The bot'} is not connected`;
    if (status.textContent !== words) fill(status, h('span', { class: bot.connected > 0 ? 'dot on' : 'dot' }), words);
  }

  function onKey(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      if (!document.querySelector('dialog[open]')) acts.openSwitcher();
    } else if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('dialog[open]')) {
      if (sidebar.classList.contains('open')) closeDrawer();
      else if (!side.hidden && side.contains(document.activeElement)) acts.closeSide();
    }
  }

  document.addEventListener('keydown', onKey);
  opener.addEventListener('click', () => (sidebar.classList.contains('open') ? closeDrawer() : setDrawer(true)));
  scrim.addEventListener('click', closeDrawer);
  phone.addEventListener('change', () => setDrawer(false));
  byId('open-switcher').addEventListener('click', acts.openSwitcher);
  byId('toggle-theme').addEventListener('click', toggleTheme);
  labButton.addEventListener('click', acts.toggleLab);
  setDrawer(false);

  return { setSide, setConnected, setBot, closeDrawer, toggleTheme, isPhone: () => phone.matches };
}
