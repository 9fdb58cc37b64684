package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"tocsin/bot/slack"
	"tocsin/store"
	"tocsin/store/bolt"
)

// knownSlack is under what the record keeps who the bot is in Slack.
const knownSlack = "slack"

// reachSlack opens the record and dials Slack. Each start that reaches Slack keeps who
// the bot is there, for a later one with the same token that does not. A first start
// makes no record with a token that Slack refuses.
func reachSlack(ctx context.Context, s settings) (conn *slack.Connection, kv *bolt.DB, err error) {
	defer func() {
		if err != nil && kv != nil {
			kv.Close()
		}
	}()
	if kv, s.slack.Known, err = openKnowing(ctx, s.storePath); err != nil {
		return nil, kv, err
	}
	if conn, err = slack.Dial(ctx, s.slack); err != nil {
		return nil, kv, err
	}
	if kv == nil {
		if kv, err = takeRecord(ctx, s.storePath); err != nil {
			return nil, nil, err
		}
	}
	if conn.Reached() == nil {
		err = store.NewJournal(kv).Remember(ctx, knownSlack, conn.Known())
	}
	return conn, kv, err
}

// takeRecord opens the record for a bot.
func takeRecord(ctx context.Context, path string) (kv *bolt.DB, err error) {
	err = alone(ctx, path, func() (err error) {
		kv, err = bolt.Open(path)
		return err
	})
	return kv, err
}

// openKnowing opens a record, nil if there is none, and reads who the bot is in Slack.
// What is damaged is not known: Slack will say it again.
func openKnowing(ctx context.Context, path string) (*bolt.DB, slack.Known, error) {
	var known slack.Known
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, known, nil
	}
	kv, err := takeRecord(ctx, path)
	if err != nil {
		return nil, known, err
	}
	_, err = store.NewJournal(kv).Recall(ctx, knownSlack, &known)
	if _, damaged := errors.AsType[*store.CorruptError](err); damaged {
		return kv, slack.Known{}, nil
	}
	return kv, known, err
}

// talk is with Slack until ctx ends: it finds it first where the start did not.
func (a *app) talk(ctx context.Context) error {
	if a.slack.Reached() != nil {
		if err := a.slack.Reach(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		a.log.Info("Slack is reached", "workspace", a.slack.Team)
		if err := store.NewJournal(a.kv).Remember(ctx, knownSlack, a.slack.Known()); err != nil {
			return err
		}
		a.meet(ctx)
	}
	if !a.socket {
		return nil
	}
	a.connect(ctx)
	return nil
}

// The waits before a refused app token is tried again: the first, and at most. Only the
// operator can mend it, and all but what people do in Slack goes on.
const (
	firstConnect = 2 * time.Second
	lastConnect  = time.Minute
)

// connect keeps the links of Socket Mode up until ctx ends.
func (a *app) connect(ctx context.Context) {
	for wait := firstConnect; ; wait = min(2*wait, lastConnect) {
		err := a.face.Connect(ctx)
		if err == nil {
			return
		}
		a.log.Error("what people do in Slack does not arrive: check SLACK_APP_TOKEN, and that the app is installed in the workspace. A new token needs a restart",
			"again in", wait, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// withoutSlack tells whether Slack is known to be away. By HTTP there is no link that
// would tell.
func (a *app) withoutSlack() bool {
	return a.slack.Reached() != nil || a.socket && a.face.Links() == 0
}
