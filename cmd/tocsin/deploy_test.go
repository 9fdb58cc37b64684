package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The unit can be read by systemd, and is as closed as it says: 0 would be closed
// altogether, 10 open.
func TestSystemdUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	switch {
	case err != nil && os.Getenv("TOCSIN_SYSTEMD") == "required":
		t.Fatal("systemd-analyze is required and not installed: apt-get install systemd")
	case err != nil:
		t.Skip("systemd-analyze is not installed, so the unit is not checked: apt-get install systemd")
	}
	data, err := os.ReadFile("deploy/tocsin.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "tocsin.service")
	here := strings.ReplaceAll(string(data), "/usr/local/bin/tocsin", "/bin/true") // it has to be there
	if err := os.WriteFile(unit, []byte(here), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", "--man=no", unit}, {"security", "--offline=true", "--threshold=15", "--no-pager", unit}} {
		out, err := exec.Command(tool, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && strings.Contains(string(out), "tocsin.service") {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}

// The example for Kubernetes has one writer, which ends in peace and can do little.
func TestKubernetesExample(t *testing.T) {
	data, err := os.ReadFile("deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]map[string]any{}
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; {
		doc := map[string]any{}
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kinds[doc["kind"].(string)] = doc
	}
	for path, want := range map[string]any{
		"Deployment/spec/replicas":                                                            1,
		"Deployment/spec/strategy/type":                                                       "Recreate",
		"Deployment/spec/template/spec/automountServiceAccountToken":                          false,
		"Deployment/spec/template/spec/terminationGracePeriodSeconds":                         15,
		"Deployment/spec/template/spec/securityContext/runAsNonRoot":                          true,
		"Deployment/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem":   true,
		"Deployment/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation": false,
		"Deployment/spec/template/spec/containers/0/livenessProbe/tcpSocket/port":             "http",
		"Deployment/spec/template/spec/containers/0/readinessProbe/httpGet/path":              "/healthz",
		"Service/spec/publishNotReadyAddresses":                                               true,
		"Deployment/spec/template/spec/containers/0/volumeMounts/0/mountPath":                 "/data",
		"Deployment/spec/template/spec/volumes/0/persistentVolumeClaim/claimName":             "tocsin",
		"PersistentVolumeClaim/metadata/name":                                                 "tocsin",
		"Service/spec/ports/0/targetPort":                                                     "http",
		"Deployment/spec/template/spec/containers/0/ports/0/name":                             "http",
		"Deployment/spec/template/spec/containers/0/env/1/value":                              "bolt:/data/tocsin.db",
		"Deployment/spec/template/spec/containers/0/securityContext/capabilities/drop/0":      "ALL",
		"Deployment/spec/template/spec/securityContext/seccompProfile/type":                   "RuntimeDefault",
	} {
		kind, rest, _ := strings.Cut(path, "/")
		if got := dig(kinds[kind], strings.Split(rest, "/")); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if grace := dig(kinds["Deployment"], strings.Split("spec/template/spec/terminationGracePeriodSeconds", "/")); grace.(int) <= int((drainTime + closeTime).Seconds()) {
		t.Errorf("it is killed after %v seconds, and takes up to %v", grace, drainTime+closeTime)
	}
}

// dig goes down into maps and lists; nil where there is nothing.
func dig(v any, path []string) any {
	for _, step := range path {
		switch in := v.(type) {
		case map[string]any:
			v = in[step]
		case []any:
			if i := int(step[0] - '0'); i < len(in) {
				v = in[i]
			} else {
				return nil
			}
		default:
			return nil
		}
	}
	return v
}

// The image has nothing but the binary and what it needs, and no root.
func TestContainerfile(t *testing.T) {
	data, err := os.ReadFile("deploy/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, image, ok := strings.Cut(string(data), "\nFROM scratch\n")
	for _, want := range []string{"ca-certificates.crt", "USER 65532:65532", `CMD ["/tocsin", "healthy"]`, `ENTRYPOINT ["/tocsin"]`, "VOLUME /data", "bolt:/data/tocsin.db"} {
		if !ok || !strings.Contains(image, want) {
			t.Errorf("the image lacks %s", want)
		}
	}
	if strings.Contains(image, "\nRUN ") {
		t.Error("there is no shell to run anything in the image")
	}
}

// What the binary is made of is copied into the build; secrets, records and what is
// large or of no use there are not.
func TestWhatTheBuildIsGiven(t *testing.T) {
	data, err := os.ReadFile("deploy/Containerfile.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f",
		`{{if .Module}}{{if .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`, ".")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	needed := append(strings.Fields(string(out)), filepath.Join(root, "go.mod"), filepath.Join(root, "go.sum"))
	if len(needed) < 200 {
		t.Fatalf("the binary is said to be made of %d files", len(needed))
	}
	for _, file := range needed {
		rel, err := filepath.Rel(root, file)
		if err != nil || ignored(string(data), rel) {
			t.Errorf("%s is needed, and not copied: %v", rel, err)
		}
	}
	for _, file := range []string{".git", ".git/config", "tocsin.env", "tocsin.db", "tocsin.db.before-restore-1", "a/b/tocsin.db", "tocsin", "bot/sandbox/conformance/node_modules/x/y.js"} {
		if !ignored(string(data), file) {
			t.Errorf("%s is copied", file)
		}
	}
}

// ignored tells whether a file, or a folder that it is in, fits a line of an ignore file
// as Docker and Podman read it.
func ignored(lines, file string) bool {
	for line := range strings.Lines(lines) {
		pattern, anywhere := strings.CutPrefix(strings.TrimSpace(line), "**/")
		parts := strings.Split(file, "/")
		for end := range len(parts) {
			part := strings.Join(parts[:end+1], "/")
			if anywhere {
				part = parts[end]
			}
			if ok, _ := filepath.Match(pattern, part); ok {
				return true
			}
		}
	}
	return false
}

// What README says to do for a record in Kubernetes is about the volume, the place and
// the image of the example.
func TestRepairInKubernetes(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, command, ok := strings.Cut(string(readme), "kubectl run tocsin-repair ")
	flags, overrides, _ := strings.Cut(command, "--overrides='")
	overrides, args, ended := strings.Cut(overrides, "' -- ")
	var pod map[string]any
	if err := yaml.Unmarshal([]byte(overrides), &pod); !ok || !ended || err != nil || !strings.HasPrefix(args, "doctor --repair\n") {
		t.Fatalf("%q: %v", command[:min(len(command), 500)], err)
	}
	for path, want := range map[string]string{
		"spec/containers/0/name":                         "tocsin-repair",
		"spec/containers/0/volumeMounts/0/name":          "data",
		"spec/containers/0/volumeMounts/0/mountPath":     "/data",
		"spec/volumes/0/name":                            "data",
		"spec/volumes/0/persistentVolumeClaim/claimName": "tocsin",
	} {
		if got := dig(pod, strings.Split(path, "/")); got != want {
			t.Errorf("%s is %v, want %s", path, got, want)
		}
	}
	for _, same := range []string{"image: tocsin:dev", "claimName: tocsin}", "{name: data, mountPath: /data}"} {
		if !strings.Contains(string(example), same) {
			t.Errorf("the example has no %q", same)
		}
	}
	if !strings.Contains(flags, "--image=tocsin:dev ") || !strings.Contains(flags, "--override-type=strategic ") {
		t.Errorf("it begins with %q", flags)
	}
}
