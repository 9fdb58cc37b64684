package markdown

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page.html").Parse(pageSource))

// Sheet is one page that needs nothing else: its style is in it, and its
// Content-Security-Policy allows no request and no script but its own. It
// follows the reader's light or dark setting, fits a phone, and prints.
type Sheet struct {
	Title  string        // plain text
	Style  template.CSS  // beside the style that every page has
	Body   template.HTML // what stands in <main>
	Script template.JS   // runs once Body is there; "" for none
	Form   bool          // whether a form of Body may ask the server it came from
}

// Policy is the Content-Security-Policy of the page. It stands in the page; a
// server can send it as a header too.
func (s Sheet) Policy() string {
	policy := "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
	if s.Form {
		policy += "'self'"
	} else {
		policy += "'none'"
	}
	if s.Script != "" {
		sum := sha256.Sum256([]byte(s.Script))
		policy += "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return policy
}

// Bytes is the page as HTML.
func (s Sheet) Bytes() []byte {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, s); err != nil { // the template and its data are this file's own
		panic("markdown: page.html: " + err.Error())
	}
	return b.Bytes()
}

// Page renders a document as one page, without script.
func Page(title, md string) []byte { return Sheet{Title: title, Body: HTML(md)}.Bytes() }
