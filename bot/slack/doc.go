// Package slack is tocsin's face in Slack and the only importer of slack-go. It
// turns what Slack sends into bot.Requests, and effects into Slack calls. Forms,
// blocks, timestamps and Slack's error codes end here.
//
// # Each call once
//
// An answer can be lost: a time-out, a reset, a 5xx and Slack's own internal errors
// leave open whether a call was carried out. A 429 was not, and every other refusal is
// definite. This is every call that tocsin makes, by what it is known again, what is
// done after an attempt that nobody knows the end of, and what comes of it. PagerDuty's
// are in package pagerduty.
//
//	call                         | known again by               | then                                    | done
//	conversations.create         | its name and creator         | again; a name that is taken is ours if our bot made it since the first attempt, or in the two days before and never used it | once
//	conversations.invite         | who is in the channel        | again: to be there already is success    | once
//	conversations.join           | who is in the channel        | again: to be there already is success    | once
//	conversations.setTopic       | the topic                    | read, and set only if it is another one  | once
//	chat.postMessage             | metadata.event_payload's key and at, and its author | looked for in the channel's history, from two days before the first attempt | once
//	chat.update                  | the message: the last write wins, and they go one after the other | again | once
//	bookmarks.add                | link and title               | looked for in bookmarks.list             | once
//	reactions.add                | who reacted                  | again: to have reacted is success        | once
//	files.getUploadURLExternal   | -                            | again: Slack forgets what is not completed | unseen
//	upload                       | -                            | again, with an address of its own        | unseen
//	files.completeUploadExternal | the file's name, title and author | looked for in the same way          | once
//	views.open                   | its trigger, which works once | never again: the person is told, and asks again | at most once
//	response_url                 | -                            | never again: the person asks again       | at most once
//	chat.postEphemeral           | -                            | never again: the 📌 is set again         | at most once
//	apps.connections.open        | -                            | again: a link that is not used ends      | read
//	auth.test                    | -                            | again                                    | read
//	users.list                   | -                            | again                                    | read
//	users.info                   | -                            | again                                    | read
//	users.conversations          | -                            | again                                    | read
//	conversations.list           | -                            | again                                    | read
//	conversations.info           | -                            | again                                    | read
//	conversations.history        | -                            | again                                    | read
//	conversations.replies        | -                            | again                                    | read
//	bookmarks.list               | -                            | again                                    | read
//
// Once is exactly once, as long as what Slack carries out late comes within
// bot.Config.Quiet: whoever is looked for too early is not there yet. Where Slack
// keeps a call from having two outcomes (create, invite, join, react) not even that
// matters. Our clock may be up to two days ahead of Slack's (ahead). Any app can put our
// metadata on a message of its own, so only those by our bot count, or where nothing is to
// be edited, by one that it has taken the place of with a token of another app. Answers to
// one person cannot be read back: a doubled form or answer would puzzle whoever sees it,
// and one that is missing is asked for again, so they are made at most once and are never
// an effect. What was given up after a day, still in doubt, and is then asked for again by
// “Try again” may be there twice. Nothing is downloaded.
//
// # What tocsin may not do
//
// Rights get lost, and come back. What was to be done waits in its order, tried again
// after 1, 2, 4 and from then on every 5 minutes; incident.Barred is on the timeline
// when it begins and when it is over: when something was done that needs the same right,
// as an edit proves nothing of new messages. The operator has it in the log, as an error
// that says what to do, and tocsin doctor looks for scopes, the token and the
// announcement channel; people have it where they can be told, and always by
// /incident status (rights.go).
//
//	lost                            | then                                            | people are told
//	the room is archived            | wait, while the incident is not over; tocsin may not unarchive it | in the announcement
//	the bot was put out of it       | join again; a private room: wait to be invited  | in the announcement
//	the room is read-only           | wait                                            | in the announcement
//	the announcement channel        | wait for one of that name                       | in the room
//	channels:history, and a message is in doubt | the room's messages wait          | in the announcement
//	leave to change what was posted | the card, guides and the announcement stay as they are | in the room
//	a scope, or leave for one thing | wait for that alone; a draft fails              | in the room; no channel: in the announcement
//	the token, chat:write, leave to write at all | wait, for ever                     | when they ask
//	somebody's account              | invite the others; their page fails             | in the room, with their role
//
// After a day what waits for one thing fails, as incident.Failed, with “Try again”. Of
// a private incident only its own people are told, when they ask.
//
// # Limits
//
// Slack takes only so many calls (limits.go, bucket.go). pace.go lets effects through in order
// of urgency as far as there is room for the calls that they will make (calls.go),
// and meter.go, below slack-go, counts every call that is made. It lets none go
// elsewhere than to Slack and to SLACK_API_URL's host, whatever an answer names (astray.go).
//
// slack-go's own retries stay off; bot's worker is the one place that retries.
package slack
