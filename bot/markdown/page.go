package markdown

import (
	"bytes"
	_ "embed"
	"html/template"
)

//go:embed page.html
var pageSource string

// Page renders a document as one page that needs nothing else: its style is in
// it, it has no script, and its Content-Security-Policy allows neither script
// nor any request. It follows the reader's light or dark setting, fits a phone,
// and prints.
func Page(title, md string) []byte {
	page := template.Must(template.New("page").Parse(pageSource))
	var b bytes.Buffer
	err := page.Execute(&b, struct {
		Title string
		Body  template.HTML
	}{title, HTML(md)})
	if err != nil { // the template and its data are this file's own
		panic("markdown: page.html: " + err.Error())
	}
	return b.Bytes()
}
