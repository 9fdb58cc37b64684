package sandbox

import "maps"

// refusal is an answer of Slack's that is not ok: an error code, and what comes with it.
type refusal struct {
	code string
	more obj
}

func (r *refusal) Error() string { return r.code }

// body is the refusal as Slack answers it.
func (r *refusal) body() obj {
	out := obj{"ok": false, "error": r.code}
	maps.Copy(out, r.more)
	return out
}

// refuse makes a refusal; messages explain it in response_metadata, where Slack has them.
func refuse(code string, messages ...string) error {
	r := &refusal{code: code}
	if len(messages) > 0 {
		r.more = obj{"response_metadata": obj{"messages": messages}}
	}
	return r
}

func missing(field string) error {
	return refuse("invalid_arguments", "[ERROR] missing required field: "+field)
}
