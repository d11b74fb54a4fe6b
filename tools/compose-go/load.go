package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/sirupsen/logrus"
)

// Request is one load: Dir is where docker compose would be started, the rest are its flags.
type Request struct {
	ID               json.RawMessage   `json:"id"`
	Dir              string            `json:"dir"`
	Files            []string          `json:"files"`
	ProjectDirectory string            `json:"project_directory"`
	ProjectName      string            `json:"project_name"`
	Profiles         []string          `json:"profiles"`
	Services         []string          `json:"services"`
	Env              map[string]string `json:"env"`
	EnvFiles         []string          `json:"env_files"`
	OSEnv            bool              `json:"os_env"`
	DotEnv           *bool             `json:"dot_env"`
	NoInterpolate    bool              `json:"no_interpolate"`
}

// Answer holds either Project or Error.
type Answer struct {
	ID       json.RawMessage `json:"id,omitempty"`
	Project  json.RawMessage `json:"project,omitempty"`
	Error    string          `json:"error,omitempty"`
	Warnings []string        `json:"warnings,omitempty"`
}

// offline refuses what docker compose would fetch with git or from a registry.
type offline struct{}

var remotePrefixes = []string{"oci://", "https://", "http://", "git://", "ssh://", "git@", "github.com/"}

func (offline) Accept(path string) bool {
	for _, prefix := range remotePrefixes {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

func (offline) Load(_ context.Context, path string) (string, error) {
	return "", fmt.Errorf("remote resource %q is not loaded: no network", path)
}

func (offline) Dir(path string) string { return path }

// warnings collects what compose-go logs, in order and once each.
type warnings struct{ messages []string }

func (w *warnings) Levels() []logrus.Level {
	return []logrus.Level{logrus.WarnLevel, logrus.ErrorLevel}
}

func (w *warnings) Fire(entry *logrus.Entry) error {
	for _, message := range w.messages {
		if message == entry.Message {
			return nil
		}
	}
	w.messages = append(w.messages, entry.Message)
	return nil
}

func (r *Request) addEnv(entries []string) {
	for _, entry := range entries {
		if key, value, ok := strings.Cut(entry, "="); ok {
			r.Env[key] = value
		}
	}
}

// from completes the request with the folder and, if asked for, the environment of the process.
func (r Request) from(here origin) Request {
	if !filepath.IsAbs(r.Dir) {
		r.Dir = filepath.Join(here.dir, r.Dir)
	}
	given := r.Env
	r.Env = map[string]string{}
	if r.OSEnv {
		r.addEnv(here.env)
	}
	for key, value := range given {
		r.Env[key] = value
	}
	return r
}

// answer loads the project; a panic of the loader is an error of this request alone.
func (r Request) answer() (answer Answer) {
	var heard warnings
	logrus.SetOutput(io.Discard)
	logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{})
	logrus.AddHook(&heard)
	defer func() {
		if cause := recover(); cause != nil {
			answer.Project, answer.Error = nil, fmt.Sprintf("panic in compose-go: %v", cause)
		}
		answer.ID, answer.Warnings = r.ID, heard.messages
	}()
	project, err := r.load(context.Background())
	if err != nil {
		return Answer{Error: err.Error()}
	}
	return Answer{Project: project}
}

func (r Request) load(ctx context.Context) ([]byte, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	options, err := cli.NewProjectOptions(r.Files, r.options()...)
	if err != nil {
		return nil, err
	}
	if r.NoInterpolate {
		model, err := options.LoadModel(ctx)
		if err != nil {
			return nil, err
		}
		return encode(model)
	}
	content, err := r.config(ctx, options)
	// docker compose doubles every dollar, so that its output is a compose file again.
	return bytes.ReplaceAll(content, []byte("$"), []byte("$$")), err
}

// enter makes the process's folder and environment those of the request: compose-go looks up HOME,
// PWD and COMPOSE_DISABLE_ENV_FILE there.
func (r Request) enter() error {
	os.Clearenv()
	if err := os.Chdir(r.Dir); err != nil {
		return err
	}
	for key, value := range r.Env {
		if err := os.Setenv(key, value); err != nil {
			return fmt.Errorf("environment entry %q: %w", key, err)
		}
	}
	if _, given := os.LookupEnv("PWD"); !given {
		return os.Setenv("PWD", r.Dir)
	}
	return nil
}

// options are those that docker compose config gives to compose-go, in its order.
func (r Request) options() []cli.ProjectOptionsFn {
	dotEnv := cli.WithEnvFiles(r.envFiles()...)
	if r.DotEnv != nil && !*r.DotEnv && len(r.envFiles()) == 0 {
		dotEnv = func(*cli.ProjectOptions) error { return nil }
	}
	return []cli.ProjectOptionsFn{
		cli.WithInterpolation(!r.NoInterpolate),
		cli.WithResolvedPaths(true),
		cli.WithNormalization(true),
		cli.WithConsistency(true),
		cli.WithDiscardEnvFile,
		cli.WithWorkingDirectory(r.ProjectDirectory),
		cli.WithOsEnv,
		cli.WithResourceLoader(offline{}),
		dotEnv,
		cli.WithDotEnv,
		cli.WithConfigFileEnv,
		cli.WithDefaultConfigPath,
		// Again, because the folder of the files that were found can hold another .env.
		dotEnv,
		cli.WithDotEnv,
		cli.WithDefaultProfiles(r.Profiles...),
		cli.WithName(r.ProjectName),
	}
}

func (r Request) envFiles() []string {
	if named := r.Env["COMPOSE_ENV_FILES"]; len(r.EnvFiles) == 0 && named != "" {
		return strings.Split(named, ",")
	}
	return r.EnvFiles
}

// config does what docker compose does with the loaded project before it prints it.
func (r Request) config(ctx context.Context, options *cli.ProjectOptions) ([]byte, error) {
	project, err := options.LoadProject(ctx)
	if err != nil {
		return nil, err
	}
	if project.Name == "" {
		return nil, errors.New("project name can't be empty")
	}
	if project, err = project.WithServicesEnabled(r.Services...); err != nil {
		return nil, err
	}
	if project, err = project.WithSelectedServices(r.Services); err != nil {
		return nil, err
	}
	project = project.WithoutUnnecessaryResources()
	if project, err = project.WithServicesEnvironmentResolved(true); err != nil {
		return nil, err
	}
	if err = project.CheckContainerNameUnicity(); err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}
