package templates_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tocsin/templates"
)

// TestNoTemplateRunsForEver: nor makes more text than there is memory, whatever it is
// given to do; it is left out with a word that says why.
func TestNoTemplateRunsForEver(t *testing.T) {
	for _, test := range []struct{ src, says string }{
		{`{{range 1000000000000}}{{end}}`, "steps"},
		{`{{range 10000}}{{range 10000}}{{range 10000}}{{end}}{{end}}{{end}}`, "steps"},
		{`{{if true}}{{with 1}}{{range 1000000000}}{{else}}x{{end}}{{end}}{{end}}`, "steps"},
		{`{{define "a"}}{{template "b"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}{{template "a"}}`, "left out"},
		{twice(`{{define "@"}}{{template "#"}}{{template "#"}}{{end}}`) + `{{define "z"}}{{end}}{{template "a"}}`, "steps"},
		{`{{$x := "0123456789"}}` + strings.Repeat(`{{$x = print $x $x}}`, 40), "make more than"},
		{`{{$x := "0123456789"}}` + strings.Repeat(`{{$x = printf "%s%s" $x $x}}`, 40), "make more than"},
		{`{{$x := "<<<<<<<<<<<<"}}` + strings.Repeat(`{{$x = html $x}}`, 400_00), "make more than"},
		{`{{$x := printf "%1000000d" 1}}`, "two digits"},
		{`{{$x := printf "%.999999f" 1.0}}`, "two digits"},
		{`{{$x := printf "%[1]s%[1]s" "x"}}`, "shown once"},
		{`{{$x := printf "%*d" 1000000 1}}`, "two digits"},
		{strings.Repeat(`{{$x := printf "%99d%99d" 1 2}}`, 30_000), "make more than"},
		{`{{_step}}{{range 3}}{{if true}}{{_step}}{{end}}{{end}}`, ""},
		{`{{printf "%5d %-20s %% %.2f %v" 1 "x" 1.5 .}}{{range $i := 3}}{{$i}}{{end}}{{println 1 2}}{{urlquery "a b"}}{{js "'"}}`, ""},
	} {
		begun := time.Now()
		_, problems := templates.Load(fstest.MapFS{"update.md": {Data: []byte(test.src)}})
		said := ""
		for _, p := range problems {
			said += p.String() + " left out"
		}
		if !strings.Contains(said, test.says) || (said == "") != (test.says == "") {
			t.Errorf("%.80s: %.300q, want %q", test.src, said, test.says)
		}
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("%.80s took %v", test.src, took)
		}
	}
}

// twice has each of the letters a to y call the next one twice.
func twice(call string) string {
	var s strings.Builder
	for c := 'a'; c < 'z'; c++ {
		s.WriteString(strings.NewReplacer("@", string(c), "#", string(c+1)).Replace(call))
	}
	return s.String()
}

// FuzzTemplate: whatever a file holds, it is a template that renders within bounds, or
// a problem.
func FuzzTemplate(f *testing.F) {
	for _, name := range []string{"postmortem.md", "update.md"} {
		src, err := templates.Embedded().Open(name)
		if err != nil {
			f.Fatal(err)
		}
		data := make([]byte, 1<<16)
		n, _ := src.Read(data)
		f.Add(string(data[:n]))
	}
	for _, s := range []string{"", "{{", `{{define "x"}}{{end}}`, `{{range .}}{{.}}{{else}}{{break}}{{end}}`, `{{printf "%5d" 1}}`, `{{link "a" "b"}}`, `{{ask .Title}}`, "{{/*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, name := range []string{"postmortem", "update", "own"} {
			set, problems := templates.Load(fstest.MapFS{name + ".md": {Data: []byte(src)}})
			for _, data := range []any{templates.Postmortem{Title: "T"}, templates.Update{Title: "T"}, nil} {
				if text, err := set.Render(name, data); err == nil && (len(problems) > 0 || len(text) > 2<<20) {
					t.Fatalf("%d bytes of what has the problems %v", len(text), problems)
				}
			}
		}
	})
}
