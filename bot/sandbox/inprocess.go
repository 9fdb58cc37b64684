package sandbox

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// InProcessURL is a base URL for in-process clients: any host would do for /api, and a loopback host
// passes the guard of /sandbox.
const InProcessURL = "http://127.0.0.1"

// Client is an HTTP client whose every request is answered by the workspace without a socket, so that
// it works inside a testing/synctest bubble. Socket Mode does not work through it.
func (ws *Workspace) Client() *http.Client { return InProcess(ws.Handler()) }

// InProcess is an HTTP client whose every request h answers. A handler that aborts is a transport
// error; the answer's body arrives while the handler writes it.
func InProcess(h http.Handler) *http.Client {
	return &http.Client{Transport: handlerTransport{h}}
}

type handlerTransport struct{ handler http.Handler }

// errAborted is what the client sees when the handler panicked with http.ErrAbortHandler.
var errAborted = errors.New("sandbox: the server cut the connection")

// RoundTrip implements http.RoundTripper.
func (t handlerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	in := req.Clone(ctx)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if in.Host == "" {
		in.Host = in.URL.Host
	}
	in.RequestURI, in.RemoteAddr = in.URL.RequestURI(), "127.0.0.1:1"
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	rw := newAnswerWriter(req)
	go func() {
		defer in.Body.Close()
		rw.finish(serve(t.handler, rw, in))
	}()
	select {
	case <-rw.began:
		if rw.err != nil {
			cancel()
			return nil, rw.err
		}
		stop := context.AfterFunc(ctx, func() { rw.body.CloseWithError(context.Cause(ctx)) })
		rw.response.Body = &answerBody{rw.reader, func() { stop(); cancel() }}
		return rw.response, nil
	case <-ctx.Done():
		cancel()
		_ = rw.reader.Close()
		return nil, ctx.Err()
	}
}

// serve runs the handler and gives the abort, if it aborted; other panics go on.
func serve(h http.Handler, rw http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			err = errAborted
		default:
			panic(v)
		}
	}()
	h.ServeHTTP(rw, r)
	return nil
}

// answerWriter is the handler's side of an answer.
type answerWriter struct {
	response *http.Response
	header   http.Header
	reader   *io.PipeReader
	body     *io.PipeWriter
	began    chan struct{} // closed with the status, or with err
	once     sync.Once
	err      error
}

func newAnswerWriter(req *http.Request) *answerWriter {
	w := &answerWriter{header: http.Header{}, began: make(chan struct{})}
	w.reader, w.body = io.Pipe()
	w.response = &http.Response{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req, ContentLength: -1}
	return w
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.response.StatusCode, w.response.Status = status, http.StatusText(status)
		w.response.Header = w.header.Clone()
		w.response.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat)) // as a server does
		if w.header.Get("Content-Length") == "0" {
			_ = w.body.Close() // the client waits for no more
		}
		close(w.began)
	})
}

func (w *answerWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Flush implements http.Flusher: every write is seen at once.
func (w *answerWriter) Flush() { w.WriteHeader(http.StatusOK) }

func (w *answerWriter) finish(err error) {
	if err != nil {
		w.once.Do(func() {
			w.err = err
			close(w.began)
		})
		w.body.CloseWithError(err)
		return
	}
	w.WriteHeader(http.StatusOK)
	_ = w.body.Close()
}

// answerBody ends the handler's context when the client is done with the answer.
type answerBody struct {
	*io.PipeReader
	done func()
}

func (b *answerBody) Close() error {
	defer b.done()
	return b.PipeReader.Close()
}
