package sandbox

// hookObject is the account's one webhook subscription
// (https://developer.pagerduty.com/api-reference/b3A6MTk4MzQ5MzY-get-a-webhook-subscription).
func (pd *pagerDuty) hookObject() obj {
	var kinds []string
	for _, kind := range pageKinds() {
		if kind != "pagey.ping" {
			kinds = append(kinds, kind)
		}
	}
	return obj{
		"id": pdHookID, "type": "webhook_subscription", "active": true, "description": "Everything, to the bot", "events": kinds,
		"delivery_method": obj{
			"id": "PDMHTTP", "type": "http_delivery_method", "url": pd.hookURL, "temporarily_disabled": pd.hooks.off(),
			"secret": nil, "custom_headers": []any{},
		},
		"filter": obj{"type": "account_reference"},
	}
}

func (pd *pagerDuty) listHooks(p *pdCall) (obj, error) {
	var all []obj
	if pd.hookURL != "" {
		all = append(all, pd.hookObject())
	}
	return p.page("webhook_subscriptions", all), nil
}

func (pd *pagerDuty) getHook(p *pdCall) (obj, error) {
	if p.id != pdHookID || pd.hookURL == "" {
		return nil, pdNotFound()
	}
	return obj{"webhook_subscription": pd.hookObject()}, nil
}

// enableHook lets a subscription that was disabled have webhooks again; what was dropped stays dropped.
func (pd *pagerDuty) enableHook(p *pdCall) (obj, error) {
	if p.id != pdHookID || pd.hookURL == "" {
		return nil, pdNotFound()
	}
	pd.hooks.enable()
	return pd.getHook(p)
}

func (pd *pagerDuty) pingHook(p *pdCall) (obj, error) {
	if p.id != pdHookID || pd.hookURL == "" {
		return nil, pdNotFound()
	}
	pd.outgoing = append(pd.outgoing, pd.ping())
	return obj{}, nil
}
