// Who is looking, where, and how far they have read: what the page itself knows
// besides the server's state. Remembered in the browser; the address bar wins.

import { recall, remember } from './prefs.js';

export class Session {
  constructor() {
    const asked = new URLSearchParams(location.search);
    this.user = asked.get('user') ?? recall('user', null);
    this.channel = asked.get('channel') ?? recall('channel', 'incidents');
    // A permalink leads here: ?channel=C…&message=p1795308508338021
    this.reveal = asked.get('message')?.replace(/^p(\d{10})(\d{6})$/, '$1.$2');
    /** ?follow=1: go where the newest message is, until the person goes elsewhere. */
    this.follow = asked.has('follow');
    /** A channel to go to as soon as the state has it. */
    this.wanted = null;
    /** @type {null | {kind: 'lab'} | {kind: 'thread', channel: string, ts: string}} */
    this.side = null;
    this.read = recall('read', {});
  }

  /** Settles on a person and a channel that exist; gives the model a home. */
  settle(people, modelFor) {
    if (!people.some((p) => p.id === this.user)) this.user = people.find((p) => p.name === this.user)?.id ?? people[0]?.id;
    const model = modelFor(this.user);
    if (this.follow) this.wanted = busiest(model);
    const wanted = this.wanted ? model.channel(this.wanted) : undefined;
    if (wanted) this.wanted = null;
    const channel = wanted ?? model.channel(this.channel) ?? model.channel('incidents') ?? model.channel('general') ?? model.visibleChannels()[0];
    for (const p of people) this.read[p.id] ??= latest(modelFor(p.id));
    return { model, channel };
  }

  be(user) {
    this.user = user;
    remember('user', user);
    if (this.side?.kind === 'thread') this.side = null;
  }

  go(channel) {
    if (this.side?.kind === 'thread' && channel.id !== this.channel) this.side = null;
    this.channel = channel.id;
    remember('channel', channel.name);
    history.replaceState(null, '', `?${new URLSearchParams({ user: this.user, channel: channel.name })}`);
  }

  /** How far this person has read a channel: the ts of the last message seen. */
  seen(channelId) {
    return this.read[this.user]?.[channelId] ?? '0';
  }

  /** The person sees everything up to ts now. */
  readTo(channelId, ts) {
    if (!ts || this.seen(channelId) >= ts) return false;
    (this.read[this.user] ??= {})[channelId] = ts;
    remember('read', this.read);
    return true;
  }
}

/** The id of the channel with the newest message. */
function busiest(model) {
  const newest = (c) => model.messages(c.id).at(-1)?.ts ?? '0';
  return model.visibleChannels().reduce((a, b) => (newest(b) > newest(a) ? b : a)).id;
}

/** A newcomer has nothing unread: only what comes later is new. */
const latest = (model) => Object.fromEntries(model.visibleChannels().map((c) => [c.id, model.messages(c.id).at(-1)?.ts ?? '0']));
