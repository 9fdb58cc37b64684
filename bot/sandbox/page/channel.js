// The head of a channel, what it is about, and the dialogs around it.

import { fill, h } from './dom.js';
import { emoji } from './emoji.js';
import { icon } from './icons.js';
import { author, avatar } from './message.js';
import { link, mrkdwn, plain, unescape } from './mrkdwn.js';
import { openDialog } from './overlay.js';

const words = (value) => (typeof value === 'object' ? value?.value : value) ?? '';

/** Draws title, topic and bookmarks, only when they changed. */
export function createChannelHead({ title, about, topic, bookmarks, intro }, openAbout) {
  let drawn = '';
  about.addEventListener('click', openAbout);
  return (channel, model) => {
    const signature = JSON.stringify([channel, model.me]);
    if (signature === drawn) return;
    drawn = signature;
    const name = model.channelName(channel);
    fill(title, icon(channel.is_archived ? 'archive' : channel.is_private ? 'lock' : 'hash'), channel.is_private && h('span', { class: 'visually-hidden' }, 'private '), name);
    document.title = `${name} · tocsin sandbox`;
    fill(about, icon('people'), String(channel.members?.length ?? 0));
    about.setAttribute('aria-label', `About this channel, ${channel.members?.length ?? 0} members`);
    about.hidden = false;
    topic.textContent = topic.title = unescape(words(channel.topic)); // conversations.setTopic: "Does not support formatting or linkification"
    fill(bookmarks, (channel.bookmarks ?? []).map((b) => h('li', {}, link(b.link, [b.emoji && emoji(b.emoji.replaceAll(':', '')), b.title].filter(Boolean).join(' ')))));
    bookmarks.hidden = !channel.bookmarks?.length;
    fill(intro, h('p', {}, `This is the beginning of `, h('strong', {}, `#${name}`), `. ${words(channel.purpose)}`));
  };
}

/** Members, purpose, pins, and leaving. */
export function openAboutDialog(channel, model, { reveal, leave }) {
  const pins = (channel.pins ?? []).map((p) => model.messages(channel.id).find((m) => m.ts === (p.ts ?? p))).filter(Boolean);
  openDialog(`About #${model.channelName(channel)}`, (close) => h('div', { class: 'about' },
    words(channel.purpose) && h('p', {}, mrkdwn(words(channel.purpose), model)),
    pins.length > 0 && h('section', {}, h('h3', {}, `Pinned (${pins.length})`), h('ul', { class: 'pins' }, pins.map((m) => h('li', {}, h('button', {
      type: 'button', class: 'link-button', onclick: () => {
        close();
        reveal(m.ts);
      },
    }, h('strong', {}, author(m, model)), ` ${plain(m.text, model).slice(0, 120)}`))))),
    h('section', {}, h('h3', {}, `Members (${channel.members?.length ?? 0})`), h('ul', { class: 'members' }, (channel.members ?? []).map((id) =>
      h('li', {}, avatar(id, model), h('span', {}, model.userName(id)), h('small', {}, model.isBot(id) ? 'app' : `@${model.handle(id)}`), id === model.me && h('span', { class: 'badge' }, 'you'))))),
    model.isMember(channel) && !channel.is_archived && h('footer', { class: 'dialog-footer' }, h('button', {
      type: 'button', class: 'btn danger', onclick: () => {
        close();
        leave();
      },
    }, 'Leave channel'))));
}

/** Asks for a name; create rejects with what is wrong with it. */
export function openCreateDialog(create) {
  const name = h('input', { type: 'text', id: 'new-channel-name', maxlength: '80', autocomplete: 'off', placeholder: 'e.g. search-quality', 'aria-describedby': 'new-channel-problem' });
  const isPrivate = h('input', { type: 'checkbox' });
  const problem = h('p', { class: 'field-error', id: 'new-channel-problem', role: 'alert' });
  openDialog('Create a channel', (close) => h('form', {
    onsubmit: async (event) => {
      event.preventDefault();
      try {
        await create(name.value.trim().replace(/^#/, ''), isPrivate.checked);
        close();
      } catch (error) {
        problem.textContent = error.message;
      }
    },
  }, h('div', { class: 'dialog-body' }, h('label', { class: 'field-label', for: 'new-channel-name' }, 'Name'), name, problem,
    h('div', { class: 'choices' }, h('label', {}, isPrivate, h('span', {}, 'Private: only its members see it')))),
  h('footer', { class: 'dialog-footer' }, h('button', { type: 'button', class: 'btn', onclick: close }, 'Cancel'), h('button', { type: 'submit', class: 'btn primary' }, 'Create'))));
  name.focus();
}
