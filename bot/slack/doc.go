// Package slack is tocsin's face in Slack and the only importer of slack-go. It
// turns what Slack sends into bot.Requests, and effects into Slack calls. Forms,
// blocks, timestamps and Slack's error codes end here.
//
// Every call that an effect makes may be made again after an answer was lost,
// so each has something that tells whether it was carried out before:
//
//	conversations.create       the name, which only one channel can have; a channel of that name
//	                           is ours if our bot made it, no earlier than the first attempt
//	chat.postMessage           metadata.event_payload.key, looked for in the channel's history
//	files.completeUpload…      the file's name, looked for in the channel's history
//	chat.update                the message's state: the last write wins
//	conversations.invite       who is in the channel: already_in_channel is success
//	conversations.setTopic     the channel's topic, read before it is written again
//	bookmarks.add              the channel's bookmarks, by link and title
//	reactions.add              who reacted: already_reacted is success
//
// What cannot be looked for is never made an effect: forms (views.open) and
// answers to one person (response_url, chat.postEphemeral) are sent at most
// once, and the person can ask again.
//
// Slack takes only so many calls (limits.go, bucket.go). pace.go lets effects through in order
// of urgency as far as there is room for the calls that they will make (calls.go),
// and meter.go, below slack-go, counts every call that is made.
//
// slack-go's own retries stay off; bot's worker is the one place that retries.
package slack
