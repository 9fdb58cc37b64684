package sandbox

// Tiers are the limits by method, for the test that holds them against Slack's.
func Tiers() map[string]int { return tiers() }

// Methods are the names of the workspace's Web API methods.
func (ws *Workspace) Methods() []string { return sortedKeysOf(ws.methods) }
