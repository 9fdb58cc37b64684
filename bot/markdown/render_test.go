package markdown_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"regexp"
	"strings"
	"testing"

	"tocsin/bot/markdown"
)

func TestHTML(t *testing.T) {
	for md, want := range map[string]string{
		"# A b\n# A b\n# A b 1\n# !": `<h1 id="a-b">A b</h1><h1 id="a-b-1">A b</h1><h1 id="a-b-1-1">A b 1</h1><h1 id="section">!</h1>`,
		"- [x] **a** <b>":            `<ul><li class="task"><input type="checkbox" disabled checked> <strong>a</strong> &lt;b&gt;</li></ul>`,
		"5. a":                       `<ol start="5"><li>a</li></ol>`,
		"[a](https://x.y/?p=1&q=2)":  `<p><a href="https://x.y/?p=1&amp;q=2" rel="noopener noreferrer">a</a></p>`,
		"[ada](user:U01) [b](javascript:x) [c](other.md)": `<p>ada b <a href="other">c</a></p>`,
		"|a|\n|-:|\n|1|":    `<div class="table"><table><tr><th class="right">a</th></tr><tr><td class="right">1</td></tr></table></div>`,
		"```a\"b\n<i>\n```": `<pre tabindex="0"><code class="language-a&#34;b">&lt;i&gt;</code></pre>`,
		"> a  \n> b\n\n---": `<blockquote><p>a<br>b</p></blockquote><hr>`,
	} {
		if got := strings.ReplaceAll(string(markdown.HTML(md)), "\n", ""); got != want {
			t.Errorf("HTML(%q)\n got %s\nwant %s", md, got, want)
		}
	}
}

// tag matches every tag that HTML may write; what is left of its output after
// removing these must hold no angle bracket and no quote.
var tag = regexp.MustCompile(`</?(p|h[1-6]|ul|ol|li|pre|pre tabindex="0"|code|blockquote|hr|br|table|tr|th|td|div|del|em|strong|a)>|` +
	`<h[1-6] id="[^"<>]*">|<ol start="\d+">|<li class="task"><input type="checkbox" disabled( checked)?>|<code class="language-[^"<>]*">|` +
	`<t[hd] class="(right|center)">|<div class="table">|<a href="(https?://[^"<>]*|mailto:[^"<>]*)" rel="noopener noreferrer">|<a href="[a-z0-9-]+">`)

func inactive(t *testing.T, md string) {
	t.Helper()
	if rest := tag.ReplaceAllString(string(markdown.HTML(md)), ""); strings.ContainsAny(rest, `<>"`) {
		t.Errorf("HTML(%q) holds more than its own tags: %q", md, rest)
	}
}

func TestHTMLHasNoActiveContent(t *testing.T) {
	for _, md := range []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "[a](http://x/\"onclick=\"alert(1))",
		"![a](data:text/html,<script>)", "<http://a\"onload=b>", "```\"><script>\nx\n```", "# <script>\n\"onclick=", "|<script>|\n|-|\n|\"|", "&lt;script&gt;",
		"[a](http://x 'title\" onclick=x')", "<svg/onload=alert(1)>", "<!--\n<script>\n-->",
	} {
		inactive(t, md)
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{"<script>", "[a](javascript:b)", "[a](http://b\"c)", "# \"<a>", "```x\" y\nz", "<a@b.c>", "&quot;&#60;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, md string) { inactive(t, md) })
}

func TestPageNeedsNothingElse(t *testing.T) {
	src := string(markdown.Page(`A "<b>"`, "# Hi\n\n[x](https://example.com/y)"))
	page := strings.ReplaceAll(src, "&#39;", "'")
	for _, want := range []string{
		"<title>A &#34;&lt;b&gt;&#34;</title>", `<h1 id="hi">Hi</h1>`, `http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'`,
		"form-action 'none'", "prefers-color-scheme: dark", "@media print", "width=device-width",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if found := regexp.MustCompile(`<script|<link|<img|<iframe|@import|url\(|\bsrc=|\son\w+=|ZgotmplZ`).FindString(page); found != "" {
		t.Errorf("the page holds %q", found)
	}
}

// TestFileHTML: pages that are files find each other by their names.
func TestFileHTML(t *testing.T) {
	got := string(markdown.FileHTML("[c](other.md) [d](#e) [f](https://g.h/i.md)"))
	for _, want := range []string{`<a href="other.html">`, `<a href="#e">`, `<a href="https://g.h/i.md" `} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

// TestSheetAllowsItsOwnScriptAlone: the policy names the script by the hash of
// what stands between its tags, and a page without one allows none.
func TestSheetAllowsItsOwnScriptAlone(t *testing.T) {
	s := markdown.Sheet{Title: "T", Body: "<p>x</p>", Script: "let a = 1 < 2 && '\"';\n", Style: "p > i { color: red }", Form: true}
	page := string(s.Bytes())
	_, script, _ := strings.Cut(page, "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	want := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	if !strings.HasSuffix(s.Policy(), "; form-action 'self'; "+want) || !strings.Contains(html.UnescapeString(page), `content="`+s.Policy()+`"`) {
		t.Errorf("want %s in %s and in\n%s", want, s.Policy(), page)
	}
	if !strings.Contains(page, "p > i { color: red }") || !strings.Contains(page, "<main>\n<p>x</p>") {
		t.Errorf("style or body is not as it was given:\n%s", page)
	}
	if p := (markdown.Sheet{}).Policy(); strings.Contains(p, "script-src") || !strings.HasPrefix(p, "default-src 'none'; ") || !strings.HasSuffix(p, "form-action 'none'") {
		t.Errorf("a page without script or form has %s", p)
	}
}

func TestText(t *testing.T) {
	md := "# Title\n\nSome **bold** [link](https://a.b), [ada](user:U01).\n\n- one\n  more\n  1. inner\n- [x] done\n- [ ] open\n\n" +
		"| name | n |\n|---|--:|\n| a | 1 |\n| long | 100 |\n\n> said\n\n```\ncode\n  in\n```\n"
	md += "\n| | |\n|-|-|\n| k | v |\n"
	want := `Title

Some bold link (https://a.b), ada.

• one more
  1. inner
☑ done
☐ open

name    n
────  ───
a       1
long  100

│ said

    code
      in

k  v`
	if got := markdown.Text(md); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
