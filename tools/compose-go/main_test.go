package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// project writes files into a folder of its own, named shop.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type service struct {
	Image       string
	Restart     string
	Command     []string
	Environment map[string]*string
	Volumes     []struct{ Source string }
}

type loaded struct {
	Name     string
	Services map[string]service
	Volumes  map[string]any
	Networks map[string]any
}

func load(t *testing.T, request Request) loaded {
	t.Helper()
	answer := request.from(origin{dir: "/", env: []string{"FROM_PROCESS=yes"}}).answer()
	if answer.Error != "" {
		t.Fatalf("error: %s", answer.Error)
	}
	var result loaded
	if err := json.Unmarshal(answer.Project, &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func loadError(t *testing.T, request Request) string {
	t.Helper()
	answer := request.from(origin{dir: "/"}).answer()
	if answer.Error == "" {
		t.Fatalf("no error, but %s", answer.Project)
	}
	return answer.Error
}

func TestNamesTheProjectAfterItsFolderAndAddsTheDefaultNetwork(t *testing.T) {
	dir := project(t, map[string]string{"compose.yaml": "services: {web: {image: nginx, volumes: ['./data:/data']}}"})
	result := load(t, Request{Dir: dir})
	if result.Name != "shop" || result.Networks["default"] == nil {
		t.Errorf("got name %q, networks %v", result.Name, result.Networks)
	}
	if got := result.Services["web"].Volumes[0].Source; got != filepath.Join(dir, "data") {
		t.Errorf("volume source %q is not absolute", got)
	}
}

func TestMergesTheOverrideFileIncludesAndExtends(t *testing.T) {
	dir := project(t, map[string]string{
		"compose.yaml":          "include: [more/compose.yaml]\nservices: {web: {image: a, extends: {file: base.yaml, service: base}}}",
		"compose.override.yaml": "services: {web: {image: b}}",
		"base.yaml":             "services: {base: {image: c, restart: always}}",
		"more/compose.yaml":     "services: {extra: {image: \"x:${TAG}\"}}",
		"more/.env":             "TAG=7",
	})
	services := load(t, Request{Dir: dir}).Services
	if services["web"].Image != "b" || services["web"].Restart != "always" || services["extra"].Image != "x:7" {
		t.Errorf("got %+v", services)
	}
}

func TestTakesVariablesFromTheRequestThenFromEnvFilesAndNeverFromTheProcess(t *testing.T) {
	dir := project(t, map[string]string{
		"compose.yaml": "services: {web: {image: \"a:${ONE}-${TWO:-none}-${FROM_PROCESS-no}\", command: ['p$$w']}}",
		".env":         "ONE=file\nTWO=file",
	})
	without := false
	for want, request := range map[string]Request{
		"a:given-file-no":  {Env: map[string]string{"ONE": "given"}},
		"a:given-none-no":  {Env: map[string]string{"ONE": "given"}, DotEnv: &without},
		"a:file-file-yes":  {OSEnv: true},
		"a:other-none-no":  {EnvFiles: []string{"other.env"}},
		"a:other-none-no ": {Env: map[string]string{"COMPOSE_ENV_FILES": "other.env"}},
	} {
		if err := os.WriteFile(filepath.Join(dir, "other.env"), []byte("ONE=other"), 0o600); err != nil {
			t.Fatal(err)
		}
		request.Dir = dir
		web := load(t, request).Services["web"]
		if web.Image != strings.TrimSpace(want) || web.Command[0] != "p$$w" {
			t.Errorf("want %s, got %s and %q", want, web.Image, web.Command)
		}
	}
}

func TestDropsServicesOfInactiveProfilesAndWhatOnlyTheyUse(t *testing.T) {
	dir := project(t, map[string]string{
		"compose.yaml": "services: {web: {image: a}, admin: {image: b, profiles: [tools], volumes: ['state:/s']}}\nvolumes: {state: }",
	})
	for profiles, want := range map[string]int{"": 1, "tools": 2, "*": 2, "other": 1} {
		result := load(t, Request{Dir: dir, Profiles: []string{profiles}})
		if len(result.Services) != want || len(result.Volumes) != want-1 {
			t.Errorf("profile %q: %d services, volumes %v", profiles, len(result.Services), result.Volumes)
		}
	}
}

func TestLeavesVariablesWithNoInterpolate(t *testing.T) {
	dir := project(t, map[string]string{"compose.yaml": "services: {web: {image: \"a:${TAG:?}\"}}"})
	if got := load(t, Request{Dir: dir, NoInterpolate: true}).Services["web"].Image; got != "a:${TAG:?}" {
		t.Errorf("got %q", got)
	}
}

func TestRefusesWhatDockerComposeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"services: {web: {image: a, depends_on: [db]}}":                                        "undefined service",
		"services: {web: {image: a, imgae: b}}":                                                "imgae",
		"services: {web: {image: \"a:${TAG:?set it}\"}}":                                       "set it",
		"services: {web: {image: a, env_file: gone.env}}":                                      "gone.env",
		"services: {a: {image: x, container_name: same}, b: {image: x, container_name: same}}": "container name",
		"services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}":           "cycle",
		"include: [compose.yaml]\nservices: {a: {image: x}}":                                   "cycle",
		"services: [":                                                 "yaml",
		"include: ['https://example.com/a.git']":                      "no network",
		"include: ['oci://example.com/a']":                            "no network",
		"services: {a: {extends: {file: 'git@e.com:a', service: a}}}": "no network",
	} {
		dir := project(t, map[string]string{"compose.yaml": text})
		if got := loadError(t, Request{Dir: dir}); !strings.Contains(got, want) {
			t.Errorf("%s: want %q in %q", text, want, got)
		}
	}
	if got := loadError(t, Request{Dir: "/does/not/exist"}); !strings.Contains(got, "no such file") {
		t.Errorf("got %q", got)
	}
}

func TestAnswersEveryLineOfABatchInOrder(t *testing.T) {
	good := project(t, map[string]string{"compose.yaml": "services: {web: {image: \"a:${TAG}\"}}"})
	lines := []string{
		`{"id": 1, "dir": "` + good + `", "env": {"TAG": "one"}}`,
		`not json`,
		`{"id": "two", "colour": "red"}`,
		``,
		`{"id": 3, "dir": "` + good + `"}`,
	}
	var out bytes.Buffer
	if err := answerAll(strings.NewReader(strings.Join(lines, "\n")), &out, origin{dir: "/"}, Request.answer); err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range []string{`"image":"a:one"`, `bad request`, `colour`, `"image":"a:"`} {
		if i >= len(answers) || !strings.Contains(answers[i], want) {
			t.Fatalf("want %s in answer %d of %q", want, i, answers)
		}
	}
	if !strings.Contains(answers[2], `"id":"two"`) || !strings.Contains(answers[3], `\"TAG\" variable is not set`) {
		t.Errorf("id or warning is missing: %q", answers)
	}
}

// The worker is this test binary: TestMain turns into it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerFlag {
		if work(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestGivesUpOnALoadThatHangsAndGoesOn(t *testing.T) {
	slow := "services: {web: {image: a, command: \"" + strings.Repeat("a", 3_000_000) + "\"}}"
	hanging := project(t, map[string]string{"compose.yaml": slow})
	good := project(t, map[string]string{"compose.yaml": "services: {web: {image: a}}"})
	loader := supervisor{timeout: 500 * time.Millisecond}
	defer loader.stop()
	for _, step := range []struct{ dir, want string }{{good, ""}, {hanging, "not loaded within"}, {good, ""}} {
		answer := loader.ask(Request{ID: json.RawMessage("7"), Dir: step.dir})
		if step.want == "" != (answer.Error == "") || !strings.Contains(answer.Error, step.want) {
			t.Errorf("want %q, got %q", step.want, answer.Error)
		}
		if string(answer.ID) != "7" {
			t.Errorf("id %s", answer.ID)
		}
	}
}

func TestReadsTheFlagsOfDockerCompose(t *testing.T) {
	request, mode, err := parse([]string{
		"-f", "a", "--file", "b", "--project-directory", "d", "--profile", "p", "--env-file", "e",
		"--env", "K=a=b", "--no-dot-env", "--no-interpolate", "web",
	})
	if err != nil || mode.batch || mode.version {
		t.Fatal(err, mode)
	}
	got, _ := json.Marshal(request)
	for _, want := range []string{
		`"files":["a","b"]`, `"project_directory":"d"`, `"profiles":["p"]`, `"env_files":["e"]`,
		`"env":{"K":"a=b"}`, `"dot_env":false`, `"no_interpolate":true`, `"services":["web"]`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("want %s in %s", want, got)
		}
	}
	if _, _, err := parse([]string{"--env", "K"}); err == nil {
		t.Error("--env without a value was accepted")
	}
}
