package sandbox

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// page cuts one page out of all, as limit and cursor say, and gives the response_metadata that goes
// with it (https://docs.slack.dev/apis/web-api/pagination/).
func page[T any](c *call, all []T, usual, most int) ([]T, obj, error) {
	limit, ok := c.number("limit", usual)
	if limit == 0 {
		limit = usual
	}
	if !ok || limit < 1 || limit > most {
		return nil, nil, refuse("invalid_limit")
	}
	from, ok := readCursor(c.text("cursor"))
	if !ok {
		return nil, nil, refuse("invalid_cursor")
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	next := ""
	if to < len(all) {
		next = base64.StdEncoding.EncodeToString([]byte("after:" + strconv.Itoa(to)))
	}
	return append([]T{}, all[from:to]...), obj{"next_cursor": next}, nil
}

func readCursor(cursor string) (from int, ok bool) {
	if cursor == "" {
		return 0, true
	}
	plain, err := base64.StdEncoding.DecodeString(cursor)
	number, found := strings.CutPrefix(string(plain), "after:")
	if err != nil || !found {
		return 0, false
	}
	from, err = strconv.Atoi(number)
	return from, err == nil && from >= 0
}
