package store

// SealedPair lets tests store what this version of tocsin would not.
func SealedPair(key string, body []byte) Pair { return sealedPair(key, body) }
