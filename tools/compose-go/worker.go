package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// workerFlag starts the process that loads; it is for the supervisor alone.
const workerFlag = "--worker"

// memoryLimit bounds a worker's address space, in bytes: a project that needs more is an attack.
const memoryLimit = 4 << 30

// supervisor loads in a process of its own, since neither a loader that hangs nor one that overflows the stack
// can be stopped from inside.
type supervisor struct {
	timeout time.Duration
	command *exec.Cmd
	in      io.WriteCloser
	answers chan Answer
}

// ask returns the worker's answer, or an error after the timeout or the worker's death; a dead worker is replaced.
func (s *supervisor) ask(request Request) Answer {
	if s.command == nil {
		if err := s.start(); err != nil {
			return Answer{ID: request.ID, Error: "no worker: " + err.Error()}
		}
	}
	text, err := encode(request)
	if err == nil {
		_, err = s.in.Write(text)
	}
	if err != nil {
		s.stop()
		return Answer{ID: request.ID, Error: "compose-go ended: " + err.Error()}
	}
	timer := time.NewTimer(s.timeout)
	defer timer.Stop()
	select {
	case answer, alive := <-s.answers:
		if alive {
			return answer
		}
		s.stop()
		return Answer{ID: request.ID, Error: "compose-go ended without an answer: out of memory or stack"}
	case <-timer.C:
		s.stop()
		return Answer{ID: request.ID, Error: fmt.Sprintf("not loaded within %s", s.timeout)}
	}
}

func (s *supervisor) start() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.Command(program, workerFlag)
	if s.in, err = command.StdinPipe(); err != nil {
		return err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err = command.Start(); err != nil {
		return err
	}
	// One slot, so that the reader ends although nobody waits for the last answer.
	answers := make(chan Answer, 1)
	go func() {
		defer close(answers)
		decoder := json.NewDecoder(out)
		for {
			var answer Answer
			if decoder.Decode(&answer) != nil {
				return
			}
			answers <- answer
		}
	}()
	s.command, s.answers = command, answers
	return nil
}

func (s *supervisor) stop() {
	if s.command == nil {
		return
	}
	_ = s.in.Close()
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
	s.command = nil
}

// work answers requests from in. When in ends the supervisor is gone, so the process ends too, even amid a load.
func work(in io.Reader, out io.Writer) error {
	limit := syscall.Rlimit{Cur: memoryLimit, Max: memoryLimit}
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &limit); err != nil {
		return err
	}
	requests := make(chan Request)
	go func() {
		decoder := json.NewDecoder(in)
		for {
			var request Request
			if decoder.Decode(&request) != nil {
				os.Exit(0)
			}
			requests <- request
		}
	}()
	for request := range requests {
		text, err := encode(request.answer())
		if err != nil {
			return err
		}
		if _, err = out.Write(text); err != nil {
			return err
		}
	}
	return nil
}
