// The list of channels.

import { fill, h, reconcile, roving } from './dom.js';
import { icon } from './icons.js';

/**
 * @param {HTMLElement} root
 * @param {{open: (channelId: string) => void, create: () => void}} acts
 */
export function createSidebar(root, acts) {
  const sections = ['Channels', 'Direct messages', 'Not joined', 'Archived'].map((title) => section(title, acts));
  fill(root, sections.map((s) => s.node));
  roving(root, '.channel');

  /** @param {import('./model.js').Model} model */
  return function update(model, current, seen) {
    const channels = model.visibleChannels();
    const of = {
      'Channels': channels.filter((c) => model.isMember(c) && !c.is_archived && !c.is_im && !c.is_mpim),
      'Direct messages': channels.filter((c) => (c.is_im || c.is_mpim) && !c.is_archived),
      'Not joined': channels.filter((c) => !model.isMember(c) && !c.is_archived),
      'Archived': channels.filter((c) => c.is_archived),
    };
    for (const s of sections) s.update(of[s.title], model, current, seen);
    if (!root.querySelector('.channel[tabindex="0"]')) {
      const first = root.querySelector('.channel[aria-current]') ?? root.querySelector('.channel');
      if (first) first.tabIndex = 0;
    }
  };
}

function section(title, acts) {
  const list = h('ul', {});
  const folded = title === 'Archived';
  const heading = folded ? h('summary', {}, title) : h('h2', {}, title, title === 'Channels' && h('button', {
    type: 'button', class: 'icon-button', 'aria-label': 'Create a channel', title: 'Create a channel', 'data-testid': 'create-channel', onclick: acts.create,
  }, icon('plus')));
  const node = h(folded ? 'details' : 'section', { class: 'channel-section' }, heading, list);
  return {
    title, node,
    update(channels, model, current, seen) {
      node.hidden = channels.length === 0 && title !== 'Channels';
      if (folded && channels.some((c) => c.id === current)) node.open = true;
      reconcile(list, channels.map((c) => rowOf(c, model, current, seen)), {
        key: (row) => row.channel.id,
        signature: (row) => JSON.stringify([row.name, row.channel.is_private, row.channel.is_archived, row.current, row.unread]),
        make: (row) => entry(row, acts),
      });
    },
  };
}

function rowOf(channel, model, current, seen) {
  const isCurrent = channel.id === current;
  const quiet = isCurrent || channel.is_archived || !model.isMember(channel);
  return { channel, name: model.channelName(channel), current: isCurrent, unread: quiet ? { messages: 0, mentions: 0 } : model.unread(channel.id, seen(channel.id)) };
}

function entry({ channel, name, current, unread }, acts) {
  const kind = channel.is_archived ? 'archived ' : channel.is_private ? 'private ' : '';
  const news = unread.mentions ? `, ${unread.mentions} mentions` : unread.messages ? ', unread' : '';
  const glyph = channel.is_im || channel.is_mpim ? 'people' : channel.is_archived ? 'archive' : channel.is_private ? 'lock' : 'hash';
  return h('li', {}, h('button', {
    type: 'button', class: `channel${unread.messages ? ' unread' : ''}${channel.is_archived ? ' archived' : ''}`,
    tabindex: current ? '0' : '-1', 'aria-current': current ? 'page' : null, 'aria-label': `${kind}${name}${news}`, title: name,
    'data-testid': `channel-${channel.name || channel.id}`, 'data-focus': 'open', onclick: () => acts.open(channel.id),
  }, icon(glyph), h('span', { class: 'channel-name' }, name),
  unread.mentions ? h('span', { class: 'mention-count' }, String(unread.mentions)) : unread.messages ? h('span', { class: 'unread-dot' }) : null));
}
