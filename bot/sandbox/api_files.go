package sandbox

import (
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"
)

// maxInline is how much of a text file the state holds.
const maxInline = 64 << 10

func (w *world) filesGetUploadURLExternal(c *call) (obj, error) {
	length, ok := c.number("length", 0)
	name := c.text("filename")
	if !ok || length <= 0 || name == "" {
		return nil, refuse("invalid_arguments", "[ERROR] filename must not be empty and length must be more than 0")
	}
	f := &storedFile{declared: length, File: File{
		ID: w.newID("F"), Name: name, Title: name, User: BotUser, Size: length, Created: time.Now().Unix(),
		Mimetype: mimeType(name), Filetype: strings.TrimPrefix(path.Ext(name), "."),
	}}
	f.URL = w.base + "/sandbox/file/" + f.ID
	f.Private = f.URL
	w.files[f.ID] = f
	secret := w.newID("UP")
	w.uploads[secret] = f
	return obj{"upload_url": w.base + "/upload/v1/" + secret, "file_id": f.ID}, nil
}

func mimeType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".md":
		return "text/markdown"
	case ".txt", ".log", "":
		return "text/plain"
	default:
		kind, _, _ := strings.Cut(mime.TypeByExtension(ext), ";")
		if kind == "" {
			return "application/octet-stream"
		}
		return kind
	}
}

// serveUpload takes a file's bytes at POST /upload/v1/{secret}: raw, or as the first part of a form.
func (ws *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	data, err := readUpload(r)
	if err != nil {
		answer{status: http.StatusBadRequest, text: "cannot read the upload: " + err.Error()}.write(rw)
		return
	}
	c := &call{method: "upload", raw: data}
	ws.underFaults(r.Context(), c, func(c *call) answer {
		out := answer{status: http.StatusOK}
		ws.act(func(w *world) {
			f := w.uploads[r.PathValue("secret")]
			switch {
			case f == nil:
				out = answer{status: http.StatusNotFound, text: "no such upload"}
			case len(c.raw) != f.declared:
				out = answer{status: http.StatusBadRequest, text: "length differs from what files.getUploadURLExternal was told"}
			default:
				f.data, f.arrived = c.raw, true
				out.text = "OK - " + http.StatusText(http.StatusOK)
			}
		})
		return out
	}).write(rw)
}

func readUpload(r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return io.ReadAll(r.Body)
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	part, err := form.NextPart()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(part)
}

func (w *world) filesCompleteUploadExternal(c *call) (obj, error) {
	raw, err := c.structure("files")
	list, isList := raw.([]any)
	if err != nil || !isList || len(list) == 0 {
		return nil, refuse("invalid_arguments", "[ERROR] files must be a list of objects with an id")
	}
	var files []*storedFile
	var done []obj
	for _, item := range list {
		f := w.files[asText(asObj(item)["id"])]
		if f == nil || !f.arrived || f.shared {
			return nil, refuse("file_not_found")
		}
		if title := asText(asObj(item)["title"]); title != "" {
			f.Title = title
		}
		files = append(files, f)
		done = append(done, obj{"id": f.ID, "title": f.Title})
	}
	channels := c.list("channels")
	if id := c.text("channel_id"); id != "" {
		channels = append(channels, id)
	}
	if err := w.shareFiles(c, files, channels); err != nil {
		return nil, err
	}
	return obj{"files": done}, nil
}

// shareFiles posts one message with the files into each channel, or refuses before the first.
func (w *world) shareFiles(c *call, files []*storedFile, ids []string) error {
	var channels []*channel
	for _, id := range ids {
		ch := w.channelByID(id)
		switch {
		case ch == nil || !ch.visible(BotUser):
			return refuse("channel_not_found")
		case ch.Archived:
			return refuse("posting_to_channel_denied")
		case !ch.has(BotUser):
			return refuse("not_in_channel")
		}
		channels = append(channels, ch)
	}
	blocks, err := c.structure("blocks")
	if err != nil || len(checkBlocks(asList(blocks), inMessage)) > 0 {
		return refuse("invalid_blocks")
	}
	for _, f := range files {
		f.shared = true
		if strings.HasPrefix(f.Mimetype, "text/") && len(f.data) <= maxInline && utf8.Valid(f.data) {
			f.Content = string(f.data)
		}
	}
	for _, ch := range channels {
		m := w.botMessage(content{text: c.text("initial_comment"), blocks: w.nameBlocks(asList(blocks))})
		m.Subtype, m.ThreadTS = "file_share", rootOf(ch, c.text("thread_ts"))
		for _, f := range files {
			m.Files = append(m.Files, f.File)
		}
		w.put(ch, m)
	}
	return nil
}

func (w *world) filesInfo(c *call) (obj, error) {
	f := w.files[c.text("file")]
	if f == nil {
		return nil, refuse("file_not_found")
	}
	info := f.File
	info.Content = ""
	out := toObj(info)
	channels := []string{}
	for _, ch := range w.channels {
		for _, m := range ch.Messages {
			for _, shared := range m.Files {
				if shared.ID == f.ID {
					channels = append(channels, ch.ID)
				}
			}
		}
	}
	out["channels"] = channels
	return obj{"file": out, "comments": []any{}, "response_metadata": obj{"next_cursor": ""}}, nil
}

// serveFile shows an uploaded file as text or as a download, never as a page.
func (ws *Workspace) serveFile(rw http.ResponseWriter, r *http.Request) {
	f := ws.file(r.PathValue("id"))
	if f == nil || !f.arrived {
		http.Error(rw, "no such file", http.StatusNotFound)
		return
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !utf8.Valid(f.data) {
		rw.Header().Set("Content-Type", "application/octet-stream")
	}
	disposition := mime.FormatMediaType("inline", map[string]string{"filename": f.Name})
	if r.URL.Query().Has("download") {
		disposition = mime.FormatMediaType("attachment", map[string]string{"filename": f.Name})
	}
	rw.Header().Set("Content-Disposition", disposition)
	_, _ = rw.Write(f.data)
}

// file is a copy of a file's record, nil if there is none.
func (ws *Workspace) file(id string) *storedFile {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	f := ws.world.files[id]
	if f == nil {
		return nil
	}
	seen := *f
	return &seen
}
