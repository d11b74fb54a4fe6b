// Command compose-go-config prints what `docker compose config --format json` prints, without Docker:
// one project from the command line, or with --batch one JSON answer a line for each JSON request a line.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

const loaderModule = "github.com/compose-spec/compose-go/v2"

type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// origin is the folder and the environment that the process was started with.
type origin struct {
	dir string
	env []string
}

func started() (origin, error) {
	dir, err := os.Getwd()
	return origin{dir: dir, env: os.Environ()}, err
}

// settings are the flags that are not part of a request.
type settings struct {
	batch, version, worker bool
	timeout                time.Duration
}

func main() {
	request, mode, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err = run(request, mode); err != nil {
		os.Exit(1)
	}
}

func run(request Request, mode settings) error {
	if mode.version {
		fmt.Println("compose-go " + loaderVersion())
		return nil
	}
	if mode.worker {
		return work(os.Stdin, os.Stdout)
	}
	here, err := started()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return err
	}
	loader := supervisor{timeout: mode.timeout}
	defer loader.stop()
	if mode.batch {
		return answerAll(os.Stdin, os.Stdout, here, loader.ask)
	}
	return answerOne(loader.ask(request.from(here)), os.Stdout, os.Stderr)
}

// parse reads the command line; the names of the flags are those of docker compose.
func parse(args []string) (request Request, mode settings, err error) {
	var files, envFiles, profiles, env list
	var noDotEnv bool
	flags := flag.NewFlagSet("compose-go-config", flag.ContinueOnError)
	flags.Var(&files, "f", "compose `file`, repeatable; default: found as docker compose finds it")
	flags.Var(&files, "file", "the same as -f")
	flags.StringVar(&request.ProjectDirectory, "project-directory", "", "`folder` that relative paths start from")
	flags.StringVar(&request.ProjectName, "project-name", "", "project `name`")
	flags.Var(&profiles, "profile", "active `profile`, repeatable; * for all")
	flags.Var(&envFiles, "env-file", "env `file` instead of .env, repeatable")
	flags.Var(&env, "env", "environment entry `K=V`, repeatable")
	flags.BoolVar(&request.OSEnv, "os-env", false, "add the environment of this process")
	flags.BoolVar(&noDotEnv, "no-dot-env", false, "do not read the project's .env")
	flags.BoolVar(&request.NoInterpolate, "no-interpolate", false, "leave variables as they are")
	flags.DurationVar(&mode.timeout, "timeout", 30*time.Second, "`time` for one load")
	flags.BoolVar(&mode.batch, "batch", false, "answer JSON requests, one a line, from standard input")
	flags.BoolVar(&mode.version, "version", false, "print the version of compose-go")
	flags.BoolVar(&mode.worker, strings.TrimPrefix(workerFlag, "--"), false, "for compose-go-config itself")
	if err = flags.Parse(args); err != nil {
		return request, mode, err
	}
	request.Files, request.EnvFiles, request.Profiles = files, envFiles, profiles
	request.Services = flags.Args()
	request.Env = map[string]string{}
	for _, entry := range env {
		if !strings.Contains(entry, "=") {
			return request, mode, fmt.Errorf("--env needs K=V, got %q", entry)
		}
	}
	request.addEnv(env)
	if noDotEnv {
		request.DotEnv = new(bool)
	}
	return request, mode, nil
}

func loaderVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == loaderModule {
				return module.Version
			}
		}
	}
	return "unknown"
}

// answerOne writes the project, indented, or {"error": ...}; warnings go to stderr.
func answerOne(answer Answer, out, warn io.Writer) error {
	for _, message := range answer.Warnings {
		fmt.Fprintln(warn, "warning: "+message)
	}
	if answer.Error != "" {
		text, err := encode(map[string]string{"error": answer.Error})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s", text)
		return errors.New(answer.Error)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, answer.Project, "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, text.String())
	return err
}

// answerAll answers every line of in, in order; a line that cannot be read is answered with an error.
func answerAll(in io.Reader, out io.Writer, here origin, ask func(Request) Answer) error {
	lines := bufio.NewReader(in)
	buffered := bufio.NewWriter(out)
	defer buffered.Flush()
	for {
		line, readErr := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			text, err := encode(answerLine(line, here, ask))
			if err != nil {
				return err
			}
			if _, err = buffered.Write(text); err != nil {
				return err
			}
			// A caller may wait for each answer before it sends the next request.
			if err = buffered.Flush(); err != nil {
				return err
			}
		}
		if readErr == io.EOF {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

func answerLine(line []byte, here origin, ask func(Request) Answer) Answer {
	var request Request
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return Answer{ID: request.ID, Error: "bad request: " + err.Error()}
	}
	return ask(request.from(here))
}

// encode is json.Marshal without the escapes for HTML, with a newline at the end.
func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return text.Bytes(), err
}
