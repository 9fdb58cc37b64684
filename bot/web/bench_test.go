package web

import (
	"net/http/httptest"
	"testing"
)

// BenchmarkGuide is one page, made and served again.
func BenchmarkGuide(b *testing.B) {
	guides := pages(b).Guides.Guides()
	b.Run("made", func(b *testing.B) {
		for b.Loop() {
			newEdition(guides, served).pages["latency-saturation"]()
		}
	})
	for name, path := range map[string]string{
		"served": "/guides/latency-saturation", "list": "/guides/",
		"search": "/guides/?q=answers+cut+off", "unsure": "/guides/?q=it+is+bad",
	} {
		b.Run(name, func(b *testing.B) {
			h, r := handler(pages(b)), httptest.NewRequest("GET", path, nil)
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
