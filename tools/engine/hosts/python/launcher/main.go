// Launcher starts the Python language host with the virtualenv that Pulumi.yaml names.
//
// The host that can be built from Go modules expects `runtime.options.virtualenv` as a flag, as the engines of its time
// passed it; today's engine sends options in messages that this host cannot read.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"gopkg.in/yaml.v3"
)

const host = "pulumi-language-python-host"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-language-python:", err)
		os.Exit(1)
	}
}

func run() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	args := append([]string{host}, options(cwd)...)
	return syscall.Exec(filepath.Join(filepath.Dir(self), host), append(args, os.Args[1:]...), os.Environ())
}

// options are the host's flags for the project that holds dir; none when there is no project or it names no virtualenv.
func options(dir string) []string {
	for {
		for _, name := range []string{"Pulumi.yaml", "Pulumi.yml", "Pulumi.json"} {
			if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
				return flags(text, dir)
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}

func flags(text []byte, root string) []string {
	var project struct {
		Runtime yaml.Node `yaml:"runtime"`
	}
	var runtime struct {
		Options struct {
			Virtualenv string `yaml:"virtualenv"`
		} `yaml:"options"`
	}
	if yaml.Unmarshal(text, &project) != nil || project.Runtime.Decode(&runtime) != nil || runtime.Options.Virtualenv == "" {
		return nil
	}
	return []string{"-root", root, "-virtualenv", runtime.Options.Virtualenv}
}
