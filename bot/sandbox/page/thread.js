// A thread, beside the channel.

import { createComposer } from './composer.js';
import { fill, h } from './dom.js';
import { createTimeline } from './timeline.js';

/**
 * @param {{acts: import('./message.js').MessageActs, send: (text: string, ts: string) => () => Promise<void>}} options
 */
export function createThread({ acts, send }) {
  let ts;
  const list = h('ol', { class: 'messages', 'aria-label': 'Messages in the thread' });
  const scroller = h('div', { class: 'scroller' }, list);
  const slot = h('div', { class: 'composer-slot' });
  const node = h('div', { class: 'thread', 'data-testid': 'thread' }, scroller, slot);
  const composer = createComposer({ id: 'thread-composer', send: (text) => send(text, ts) });
  const timeline = createTimeline(scroller, list);
  const closed = h('p', { class: 'join' }, 'Nothing can be added here.');

  return {
    node,
    focus: () => composer.input.focus(),
    reveal: (ts) => timeline.reveal(ts),
    update(messages, { model, channel, place }) {
      ts = messages[0]?.ts;
      timeline.show(messages, { key: place.key, model, acts, inThread: true });
      composer.moveTo(place);
      const box = model.isMember(channel) && !channel.is_archived ? composer.form : closed;
      if (slot.firstElementChild !== box) fill(slot, box);
    },
  };
}
