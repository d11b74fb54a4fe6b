// Command alloy-fmt does what `alloy fmt` does, with Alloy's own parser and printer: it checks the syntax of each
// file, and prints it formatted or, with --test, says whether it is. It knows no components and no references.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
)

const syntaxModule = "github.com/grafana/alloy/syntax"

func main() {
	test := flag.Bool("test", false, "print nothing, fail where a file is not formatted")
	version := flag.Bool("version", false, "print the version of Alloy's syntax module")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: alloy-fmt [--test] FILE...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *version {
		fmt.Println("alloy syntax " + syntaxVersion())
		return
	}
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	failed := false
	for _, name := range flag.Args() {
		if err := check(name, *test); err != nil {
			fmt.Fprintln(os.Stderr, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// check prints the formatted file, or with test returns an error where it differs; a syntax error names line and column.
func check(name string, test bool) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(name, text)
	if err != nil {
		return err
	}
	var formatted bytes.Buffer
	if err := printer.Fprint(&formatted, file); err != nil {
		return err
	}
	formatted.WriteByte('\n')
	if !test {
		_, err = os.Stdout.Write(formatted.Bytes())
		return err
	}
	if !bytes.Equal(text, formatted.Bytes()) {
		return fmt.Errorf("%s: not formatted", name)
	}
	return nil
}

func syntaxVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == syntaxModule {
				return module.Version
			}
		}
	}
	return "unknown"
}
