package runbooks

import (
	"regexp/syntax"
	"strings"
	"unicode"
)

// need is what every text that an expression matches must have, in lower case:
// one of these texts, or all or one of these needs. Most patterns can be ruled out
// by it without running them. nil needs nothing.
type need struct {
	texts    []string
	all, one []*need
}

// met tells whether a text has what is needed.
func (n *need) met(lower string) bool {
	if n == nil {
		return true
	}
	for _, s := range n.texts {
		if strings.Contains(lower, s) {
			return true
		}
	}
	for _, o := range n.one {
		if o.met(lower) {
			return true
		}
	}
	for _, a := range n.all {
		if !a.met(lower) {
			return false
		}
	}
	return len(n.all) > 0
}

// needs finds out what an expression needs. What it cannot tell, it leaves out.
func needs(re *syntax.Regexp) *need {
	switch re.Op {
	case syntax.OpLiteral:
		return literal(re.Rune)
	case syntax.OpCapture, syntax.OpPlus:
		return needs(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return needs(re.Sub[0])
		}
	case syntax.OpConcat:
		var n need
		for _, sub := range re.Sub {
			if part := needs(sub); part != nil {
				n.all = append(n.all, part)
			}
		}
		if len(n.all) > 0 {
			return &n
		}
	case syntax.OpAlternate:
		var n need
		for _, sub := range re.Sub {
			part := needs(sub)
			switch {
			case part == nil:
				return nil
			case len(part.all)+len(part.one) == 0:
				n.texts = append(n.texts, part.texts...)
			default:
				n.one = append(n.one, part)
			}
		}
		return &n
	}
	return nil
}

// literal is the need for a text. Single letters rule out next to nothing, and
// letters that fold to others outside ASCII cannot be looked for simply.
func literal(runes []rune) *need {
	var b strings.Builder
	for _, r := range runes {
		b.WriteRune(unicode.ToLower(r))
	}
	if b.Len() < 2 {
		return nil
	}
	return &need{texts: []string{b.String()}}
}
