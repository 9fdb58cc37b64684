// Questions about one state of the workspace, asked as one of its people. Pure.

/** A Slack ts ("1763800000.000200") or an RFC 3339 time, or milliseconds, as a Date. */
export function toDate(at) {
  if (typeof at === 'string' && /^\d{9,10}(\.\d+)?$/.test(at)) return new Date(Number(at) * 1000);
  return new Date(at);
}

/** One state, indexed: made once for each state that arrives. */
export class Model {
  /**
   * @param {object} state what GET /sandbox/state answers
   * @param {string} me the id of the person who looks
   */
  constructor(state, me) {
    this.state = state;
    this.me = me;
    this.people = state.people ?? [];
    this.bot = state.bot ?? {};
    this.byId = new Map(this.people.map((p) => [p.id, p]));
    this.channelById = new Map((state.channels ?? []).map((c) => [c.id, c]));
  }

  /** What to call a user: a person's real name, the bot's name, or the id itself. */
  userName(id) {
    if (id === this.bot.user_id) return this.bot.name ?? 'bot';
    const person = this.byId.get(id);
    return person?.real_name || person?.name || id;
  }

  /** The handle after the @. */
  handle(id) {
    return this.byId.get(id)?.name ?? this.userName(id);
  }

  isBot(id) {
    return id === this.bot.user_id || id === this.bot.bot_id;
  }

  isMember(channel) {
    return Boolean(channel.members?.includes(this.me));
  }

  /** The channels this person may know of, by name: others' private ones are left out. */
  visibleChannels() {
    return [...this.channelById.values()]
      .filter((c) => this.isMember(c) || !(c.is_private || c.is_im || c.is_mpim))
      .sort((a, b) => this.channelName(a).localeCompare(this.channelName(b), 'en', { numeric: true }));
  }

  /** A channel's name; a direct conversation is named by its other members. */
  channelName(channel) {
    if (!channel.is_im && !channel.is_mpim) return channel.name;
    const others = (channel.members ?? []).filter((id) => id !== this.me);
    return others.map((id) => this.userName(id)).join(', ') || channel.name || channel.id;
  }

  /** A visible channel by id or name, else undefined. */
  channel(idOrName) {
    return this.visibleChannels().find((c) => c.id === idOrName || c.name === idOrName);
  }

  /** Everything in a channel that this person may see, oldest first. */
  messages(channelId) {
    return (this.state.messages?.[channelId] ?? []).filter((m) => !m.ephemeral_to || m.ephemeral_to === this.me);
  }

  /** The messages of the channel itself: no replies, except those also sent to the channel. */
  timeline(channelId) {
    return this.messages(channelId).filter((m) => !isReply(m) || m.subtype === 'thread_broadcast');
  }

  /** A thread: its first message and the replies. */
  thread(channelId, ts) {
    return this.messages(channelId).filter((m) => m.ts === ts || m.thread_ts === ts);
  }

  /** The modal this person has open: the top of their stack. */
  topView() {
    return this.state.views?.[this.me]?.at(-1);
  }

  /** Did the bot say anything anywhere yet? */
  botSpoke() {
    return Object.values(this.state.messages ?? {}).some((list) => list.some((m) => m.bot_id || this.isBot(m.user)));
  }

  /** How far this person is behind in a channel: the number of unseen messages, and of mentions in them. */
  unread(channelId, seenTs) {
    const unseen = this.timeline(channelId).filter((m) => m.ts > seenTs && m.user !== this.me);
    return { messages: unseen.length, mentions: unseen.filter((m) => mentions(m, this.me)).length };
  }
}

/** Is this message a reply inside a thread? */
export const isReply = (m) => Boolean(m.thread_ts && m.thread_ts !== m.ts);

function mentions(m, user) {
  const text = `${m.text ?? ''}${m.blocks ? JSON.stringify(m.blocks) : ''}`;
  return text.includes(`<@${user}`) || text.includes(`"user_id":"${user}"`) || /<!(here|channel|everyone)/.test(text);
}
