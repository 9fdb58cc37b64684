package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Submit is a person submitting the modal on top. Values go by action_id, or by "block_id/action_id"
// where that is not enough; a value is a string or a list of them.
type Submit struct {
	User   string         `json:"user"`
	ViewID string         `json:"view_id"`
	Values map[string]any `json:"values"`
}

// CloseView is a person closing the modal on top.
type CloseView struct {
	User   string `json:"user"`
	ViewID string `json:"view_id"`
}

// Submit checks the inputs as Slack's client does, sends view_submission, and does what the app
// answers.
func (ws *Workspace) Submit(ctx context.Context, submit Submit) (Result, error) {
	var payload obj
	var problems map[string]string
	var viewID string
	var err error
	ws.act(func(w *world) {
		var v *View
		if v, err = w.viewFor(submit.User, submit.ViewID); err != nil {
			return
		}
		if v.Type != "modal" || v.Submit == nil {
			err = fmt.Errorf("view %s has nothing to submit", v.ID)
			return
		}
		viewID = v.ID
		if problems, err = w.enter(v, submit.Values); err != nil || len(problems) > 0 {
			v.Errors = problems
			return
		}
		v.Errors = nil
		payload = w.interaction(submit.User, "view_submission")
		maps.Copy(payload, obj{"trigger_id": w.newTrigger(submit.User), "view": v.wire(), "response_urls": []any{}})
	})
	switch {
	case err != nil:
		return Result{}, err
	case len(problems) > 0:
		return Result{Errors: problems, ViewID: viewID, Error: "the modal needs corrections"}, nil
	}
	out := ws.deliver(ctx, interactive, payload)
	return ws.afterSubmission(submit.User, viewID, out), nil
}

// enter puts a person's values into a modal's state and tells what is wrong with them, by block_id.
func (w *world) enter(v *View, values map[string]any) (map[string]string, error) {
	problems := map[string]string{}
	used := map[string]bool{}
	state := stateOf(v.Blocks, v.State)
	var have []string
	for _, b := range v.Blocks {
		block := asObj(b)
		blockID := asText(block["block_id"])
		for _, e := range elementsOf(block) {
			actionID := asText(e["action_id"])
			value, stateful := state.Values[blockID][actionID].(obj)
			if !stateful {
				continue
			}
			have = append(have, actionID)
			for _, key := range []string{actionID, blockID + "/" + actionID} {
				given, found := values[key]
				if !found {
					continue
				}
				used[key] = true
				entered, err := w.chosen(e, given)
				if err != nil {
					problems[blockID] = err.Error()
				}
				value = entered
			}
			if block["type"] == "input" && !asBool(block["optional"]) && empty(value) && problems[blockID] == "" {
				problems[blockID] = "fill in this field"
			}
			state = state.with(blockID, actionID, value)
		}
	}
	for key := range values {
		if !used[key] {
			return nil, fmt.Errorf("no input %q in this modal; there are %q", key, have)
		}
	}
	v.State = state
	return problems, nil
}

// submission is an app's answer to view_submission.
type submission struct {
	Action string            `json:"response_action"`
	Errors map[string]string `json:"errors"`
	View   any               `json:"view"`
}

func (ws *Workspace) afterSubmission(user, viewID string, out outcome) Result {
	result := Result{OK: out.err == "", Ack: out.answer, Error: out.err}
	if out.err != "" {
		return result
	}
	var answer submission
	if len(out.answer) > 0 {
		if err := json.Unmarshal(out.answer, &answer); err != nil {
			result.OK, result.Error = false, "the app's answer is no response_action"
			return result
		}
	}
	ws.act(func(w *world) {
		at := slices.IndexFunc(w.views[user], func(v *View) bool { return v.ID == viewID })
		if at < 0 {
			return // the app closed it meanwhile
		}
		if err := w.answerSubmission(user, at, answer); err != nil {
			result.OK, result.Error = false, err.Error()
		}
		if answer.Action == "errors" && result.OK {
			result.OK, result.Errors = false, answer.Errors
		}
		if stack := w.views[user]; len(stack) > 0 {
			result.ViewID = stack[len(stack)-1].ID
		}
	})
	return result
}

// answerSubmission does what the app answered to a submission
// (https://docs.slack.dev/surfaces/modals/#updating_views).
func (w *world) answerSubmission(user string, at int, answer submission) error {
	v := w.views[user][at]
	switch answer.Action {
	case "":
		w.closeViews(user, at)
	case "clear":
		w.closeViews(user, 0)
	case "errors":
		return showErrors(v, answer.Errors)
	case "update", "push":
		next, err := w.readView(answer.View, inModal)
		if err != nil {
			return fmt.Errorf("the app's view is refused: %w %v", err, err.(*refusal).more)
		}
		if answer.Action == "update" {
			return w.replaceModal(user, at, next)
		}
		if err := w.claimExternal(next); err != nil {
			return err
		}
		return w.pushModal(user, next)
	default:
		return fmt.Errorf("response_action %q is none of errors, update, push, clear", answer.Action)
	}
	return nil
}

// showErrors puts the app's words under its inputs; each must name an input block.
func showErrors(v *View, errors map[string]string) error {
	for blockID := range errors {
		known := slices.ContainsFunc(v.Blocks, func(b any) bool {
			return asObj(b)["type"] == "input" && asText(asObj(b)["block_id"]) == blockID
		})
		if !known {
			return fmt.Errorf("the app's errors name %q, which is no input block of the view", blockID)
		}
	}
	if len(errors) == 0 {
		return fmt.Errorf("the app answered response_action errors without errors")
	}
	v.Errors = errors
	return nil
}

// CloseView closes the modal on top, or all if it says clear_on_close, and tells the app if it wants
// to know.
func (ws *Workspace) CloseView(ctx context.Context, c CloseView) (Result, error) {
	var payload obj
	var err error
	ws.act(func(w *world) {
		var v *View
		if v, err = w.viewFor(c.User, c.ViewID); err != nil {
			return
		}
		if v.Type != "modal" {
			err = fmt.Errorf("view %s is no modal", v.ID)
			return
		}
		keep := len(w.views[c.User]) - 1
		if v.ClearOnClose {
			keep = 0
		}
		w.closeViews(c.User, keep)
		if v.NotifyOnClose {
			payload = w.interaction(c.User, "view_closed")
			payload["view"], payload["is_cleared"] = v.wire(), v.ClearOnClose
		}
	})
	if err != nil || payload == nil {
		return Result{OK: err == nil}, err
	}
	return ws.afterInteraction(c.User, ws.deliver(ctx, interactive, payload)), nil
}
